//! `translate import`: the forms in which people save networks.

use std::fs;

use safetensors::tensor::SafeTensors;

use crate::cli_support::{Place, names};
use crate::fixture;

/// A place with the weight files and the picture that PyTorch has translated.
fn with_files() -> Place {
    let place = Place::new();
    let folder = fixture::path("import");
    for name in names(&folder) {
        place.write(&name, fs::read(folder.join(&name)).unwrap());
    }
    let (pixels, shape) = bytes("picture");
    let picture = image::RgbImage::from_raw(shape[1] as u32, shape[0] as u32, pixels).unwrap();
    fs::create_dir_all(place.path("in")).unwrap();
    picture.save(place.path("in/one.png")).unwrap();
    place
}

/// Bytes `[height, width, channels]` of the fixture.
fn bytes(name: &str) -> (Vec<u8>, Vec<usize>) {
    let file = fs::read(fixture::path("checkpoints.safetensors")).unwrap();
    let tensors = SafeTensors::deserialize(&file).unwrap();
    let view = tensors.tensor(name).unwrap();
    (view.data().to_vec(), view.shape().to_vec())
}

/// Imports `file` and compares what it makes of the picture with what PyTorch does.
#[track_caller]
fn assert_like_pytorch(place: &Place, file: &str, flags: &str, expected: &str) {
    place
        .run(&format!("import {file}.pth --style {file} {flags}"))
        .done();
    place
        .run(&format!(
            "apply --input in --style {file} --output out/{file}"
        ))
        .done();
    let made = image::open(place.path(&format!("out/{file}/one.png"))).unwrap();
    let made = made.into_rgb8().into_raw();
    let (wanted, _) = bytes(&format!("output.{expected}"));
    assert_eq!(made.len(), wanted.len());
    let worst = made.iter().zip(&wanted).map(|(x, y)| x.abs_diff(*y)).max();
    assert!(worst <= Some(1), "{file}: {worst:?} levels");
}

/// A safetensors file of tensors without any values: one size of each is 0.
pub fn hollow(tensors: &[(&str, &str)]) -> Vec<u8> {
    let entries: Vec<String> = tensors
        .iter()
        .map(|(name, shape)| {
            format!(r#""{name}":{{"dtype":"F32","shape":[{shape}],"data_offsets":[0,0]}}"#)
        })
        .collect();
    let header = format!("{{{}}}", entries.join(","));
    let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
    bytes.extend(header.into_bytes());
    bytes
}

#[test]
fn spectral_and_weight_norm_are_folded_into_the_weights() {
    let place = with_files();
    for file in [
        "spectral_unet",
        "spectral_resnet",
        "weight_norm_resnet",
        "weight_norm_unet",
    ] {
        assert_like_pytorch(&place, file, "", file);
    }
}

#[test]
fn networks_are_found_in_every_wrapping() {
    let place = with_files();
    for file in ["compiled_parts", "inside_resnet", "averaged", "with_step"] {
        assert_like_pytorch(&place, file, "", "resnet");
    }
    assert_like_pytorch(&place, "inside_unet", "", "inside_unet");
    assert_like_pytorch(&place, "float8", "", "float8");
    place
        .run("import averaged.pth --style again")
        .done()
        .says("ignored `n_averaged` (1 tensor)");
    place
        .run("import with_step.pth --style third")
        .done()
        .says("ignored `step` (1 tensor)");
}

#[test]
fn a_checkpoint_may_hold_what_no_network_is_made_of() {
    let place = with_files();
    assert_like_pytorch(&place, "rich_checkpoint", "", "resnet");
    for key in ["generator", "state_dict", "state_dict.generator"] {
        place
            .run(&format!(
                "import rich_checkpoint.pth --style s --overwrite --key {key}"
            ))
            .done();
    }
    let run = place
        .run("import rich_checkpoint.pth --style t --key netG")
        .failed(2, &[]);
    insta::assert_snapshot!(run.error(), @"error: `rich_checkpoint.pth`: it has no entry `netG`; those with networks are `state_dict.generator`");
}

#[test]
fn networks_of_other_repositories_are_imported_or_refused_by_name() {
    let place = with_files();
    assert_like_pytorch(&place, "two_parts", "", "two_parts");
    assert_like_pytorch(&place, "resizing", "", "resizing");
    assert_like_pytorch(&place, "cut", "", "cut");
    place.run("import cut_D.pth --style cut").done();
    // One with fewer blocks than the recipe has, and fewer layers to compare.
    place
        .run("export monet --format safetensors --output blocks.safetensors")
        .done();
    place
        .run("import blocks.safetensors --style fewer --mode contrastive")
        .done();
    let shown = place.run("styles show cut").done().stdout;
    assert!(shown.contains("contrastive"), "{shown}");
    for (tensors, message) in [
        (
            &[
                ("down1.model.0.weight", "64,0,4,4"),
                ("up1.model.0.weight", "512,0,4,4"),
            ][..],
            "U-Net of PyTorch-GAN",
        ),
        (
            &[
                ("model.1.weight", "0,1,7,7"),
                ("model.10.block.1.weight", "256,256,3,0"),
            ],
            "CycleGAN for pictures of 1 channels",
        ),
        (
            &[
                ("encoder.model.0.weight", "64,3,7,0"),
                ("encoder.model.9.conv_block.1.weight", "256,256,3,0"),
                ("decoder.model.7.weight", "3,64,7,0"),
            ],
            "joliGEN's ResNet whose first convolution has no border",
        ),
        (
            &[
                ("conv1.weight", "64,3,7,0"),
                ("deconv1_attention.weight", "256,128,3,0"),
            ],
            "joliGEN's ResNet with attention",
        ),
        (
            &[
                ("model.1.weight", "64,3,7,0"),
                ("model.10.conv_block.1.weight", "256,256,3,0"),
                ("model.15.conv_block.1.weight", "256,256,3,0"),
                ("model.17.weight", "128,256,3,0"),
            ],
            "doubles the size by a layer without weights, `model.16`",
        ),
        (
            &[
                ("model.1.weight", "64,3,7,0"),
                ("model.4.weight", "128,64,3,0"),
                ("model.8.weight", "256,128,3,0"),
                ("model.12.conv_block.1.weight", "256,256,3,0"),
            ],
            "halves the size by a layer without weights, `model.7`",
        ),
        (
            &[
                ("model.0.weight", "64,0,4,4"),
                ("model.2.weight", "128,0,4,4"),
                ("model.5.weight", "256,0,4,4"),
                ("model.8.weight", "512,0,4,4"),
                ("model.12.weight", "1,0,4,4"),
            ],
            "the discriminator of PyTorch-GAN",
        ),
        (
            &[
                ("features.0.weight", "64,0,3,3"),
                ("features.2.weight", "64,0,3,3"),
                ("features.5.weight", "128,0,3,3"),
            ],
            "and none is there",
        ),
        // What makes the codes of StyleGAN.
        (
            &[
                ("mapping.0.weight", "6,0,1,1"),
                ("mapping.1.weight", "6,0,1,1"),
                ("mapping.2.weight", "6,0,1,1"),
            ],
            "and none is there",
        ),
        (
            &[
                ("style.net.0.weight", "6,0,1,1"),
                ("style.net.2.weight", "6,0,1,1"),
                ("style.net.4.weight", "6,0,1,1"),
            ],
            "and none is there",
        ),
    ] {
        place.write("other.safetensors", hollow(tensors));
        place
            .run("import other.safetensors --style s")
            .failed(1, &["holds no network that this program knows", message]);
    }
}

#[test]
fn archives_of_another_kind_are_told_what_to_do_with() {
    let place = with_files();
    let mut folder = place.path("run");
    fs::create_dir(&folder).unwrap();
    folder.push(".metadata");
    fs::write(&folder, b"\x80\x04N.").unwrap();
    fs::write(place.path("run/__0_0.distcp"), b"PK\x03\x04").unwrap();
    place.write("zeros.pth", vec![0; 100_000]);
    place.write("page.pth", b"<!DOCTYPE html><html>");
    place.write(
        "pointer.pth",
        b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 12\n",
    );
    for (file, message) in [
        (
            "torchscript.pt",
            "`torch.save(torch.jit.load(\"torchscript.pt\", map_location=\"cpu\").state_dict(), \"weights.pth\")`",
        ),
        (
            "exported.pt2",
            "`torch.save(dict(torch.export.load(\"exported.pt2\").state_dict), \"weights.pth\")`",
        ),
        ("run", "format_utils dcp_to_torch run weights.pth"),
        (
            "run/__0_0.distcp",
            "format_utils dcp_to_torch run weights.pth",
        ),
        ("run/.metadata", "format_utils dcp_to_torch run weights.pth"),
        ("zeros.pth", "all its bytes are zeros"),
        ("page.pth", "it is a web page"),
        ("pointer.pth", "`git lfs pull`"),
    ] {
        place
            .run(&format!("import {file} --style s"))
            .failed(1, &["cannot be read as weights", message]);
    }
    place.run("import averages_list.pth --style s").failed(
        1,
        &["`shadow_params` is a list of 36 tensors without names"],
    );
}

#[test]
fn archives_with_long_directories_are_read() {
    for entries in [110, 166] {
        let place = Place::new();
        // Deep in a folder of a long name, as the file's own name becomes one: more than 8 KiB of names.
        let folder =
            "a_long_name_of_a_checkpoint_that_somebody_has_trained_for_very_long".repeat(2);
        let count = fixture_archive(&place, &folder, entries);
        place
            .run("import long.pth --style s")
            .failed(1, &[&format!("and {} more", count - 8)]);
    }
}

/// Writes a checkpoint of this many tensors of one number; returns how many.
fn fixture_archive(place: &Place, folder: &str, entries: usize) -> usize {
    use std::io::Write;

    let mut pickle = b"\x80\x02}".to_vec();
    for index in 0..entries {
        let text = |text: &str| {
            let mut bytes = b"X".to_vec();
            bytes.extend((text.len() as u32).to_le_bytes());
            bytes.extend(text.as_bytes());
            bytes
        };
        pickle.extend(text(&format!("layer{index}.weight")));
        pickle.extend(b"ctorch._utils\n_rebuild_tensor_v2\n((");
        pickle.extend(text("storage"));
        pickle.extend(b"ctorch\nFloatStorage\n");
        pickle.extend(text(&index.to_string()));
        pickle.extend(text("cpu"));
        pickle.extend(b"K\x01tQK\x00K\x01\x85K\x01\x85\x89NtRs");
    }
    pickle.push(b'.');
    let file = fs::File::create(place.path("long.pth")).unwrap();
    let mut archive = zip::ZipWriter::new(file);
    let stored =
        zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    archive
        .start_file(format!("{folder}/data.pkl"), stored)
        .unwrap();
    archive.write_all(&pickle).unwrap();
    for index in 0..entries {
        archive
            .start_file(format!("{folder}/data/{index}"), stored)
            .unwrap();
        archive.write_all(&1f32.to_le_bytes()).unwrap();
    }
    archive.finish().unwrap();
    entries
}
