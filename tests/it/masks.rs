//! Masks as people draw them, through the program.

use image::{GrayImage, ImageBuffer, Luma, Rgb, RgbImage};

use crate::cli_support::{INPAINT, Place};

fn grey(white: u8) -> GrayImage {
    GrayImage::from_fn(60, 50, |x, y| {
        Luma([if (20..35).contains(&x) && (20..35).contains(&y) {
            white
        } else {
            0
        }])
    })
}

#[test]
fn dark_coloured_and_soft_masks_are_filled_or_named() {
    let place = Place::with_photos();
    place
        .run(&format!("train {INPAINT} --steps 1 --name s"))
        .done();
    place.picture("in/a.png", 60, 50, 3);
    place.save("zero_one.png", grey(1));
    let deep = ImageBuffer::from_fn(60, 50, |x, y| {
        Luma([u16::from(grey(255).get_pixel(x, y).0[0])])
    });
    place.save("deep.png", deep);
    let red = RgbImage::from_fn(60, 50, |x, y| Rgb([grey(64).get_pixel(x, y).0[0], 0, 0]));
    place.save("red.png", red);
    let soft = GrayImage::from_fn(60, 50, |x, _| Luma([(x * 4) as u8]));
    place.save("soft.png", soft);
    let apply = |mask: &str| {
        place.run(&format!(
            "apply --input in --style s --output out --overwrite --mask {mask}"
        ))
    };
    apply("zero_one.png").failed(1, &["`zero_one.png` has nothing that is white: its brightest value is 1 of 255, and holes begin at 128: multiply its values by 255"]);
    apply("deep.png").failed(
        1,
        &[
            "brightest value is 255 of 65535",
            "multiply its values by 257",
        ],
    );
    apply("zero_one.png --mask-threshold 0.003").done();
    apply("red.png").done();
    apply("soft.png")
        .done()
        .says("of its mask is grey and not white: from 0.5 of white on");
    apply("soft.png --mask-threshold 2").failed(2, &["`2` is no share of white"]);

    let evaluate = "evaluate --real in --fake out --metrics psnr --mask";
    place
        .run(&format!("{evaluate} zero_one.png"))
        .failed(1, &["multiply its values by 255"]);
    place
        .run(&format!("{evaluate} zero_one.png --mask-threshold 0.003"))
        .done();
    let check = |set: &str| {
        let settings = INPAINT.replace("--data photos", "");
        place.run(&format!("data check photos {settings} --set data.masks=folder --set data.mask_folder=masks {set}"))
    };
    place.save("masks/a.png", grey(1));
    check("").failed(1, &["masks/a.png` has nothing that is white"]);
    let run = check("--set data.mask_threshold=0.003").done();
    assert!(run.stdout.contains("masks: 1 picture"), "{run:?}");
    place.save(
        "masks/b.png",
        RgbImage::from_fn(60, 50, |x, _| Rgb([(x * 4) as u8; 3])),
    );
    let run = check("--set data.mask_threshold=0.003").done();
    assert!(
        run.stdout
            .contains("note: masks: 1 of 2 masks are largely grey"),
        "{run:?}"
    );
}
