//! The page in a real browser, as a person uses it. Pictures of it are kept in `target/tmp/screenshots`.

use serde_json::json;

use crate::browser::Browser;
use crate::cli_support::{PIX2PIX, Place};
use crate::serve_support::Served;

/// A browser at a server's page; none where there is no Chromium.
fn browser(served: &Served) -> Option<Browser> {
    let Some(mut browser) = Browser::start() else {
        println!("SKIPPED: the page is not tested without Chromium");
        return None;
    };
    browser.look(1280, 900, false);
    browser.open(&format!("http://{}/", served.address));
    browser.until("document.querySelector('nav a[aria-current]')");
    Some(browser)
}

fn go(browser: &mut Browser, view: &str) {
    let shown = "document.getElementById('main').dataset.view";
    browser.eval(&format!("delete {shown}; location.hash = '#/{view}'"));
    let name = view.split('/').next().unwrap();
    browser.until(&format!("{shown} === '{name}'"));
}

/// Nothing that can be read is too pale, and everything that can be used has a name.
fn assert_usable(browser: &mut Browser) {
    let nameless = browser.eval(
        "[...document.querySelectorAll('button, a[href], input, select')].filter((node) => node.offsetParent !== null && !(node.innerText?.trim() || node.getAttribute('aria-label') || node.labels?.length || node.title)).map((node) => node.outerHTML)",
    );
    assert_eq!(nameless, json!([]));
    let pale = browser.eval(
        r"(() => {
            const parse = (text) => (text.match(/[\d.]+/g) ?? []).map(Number);
            const light = (colour) => colour.slice(0, 3).map((level) => level / 255).map((level) => (level <= 0.03928 ? level / 12.92 : ((level + 0.055) / 1.055) ** 2.4)).reduce((sum, level, index) => sum + level * [0.2126, 0.7152, 0.0722][index], 0);
            const found = [];
            for (const node of document.querySelectorAll('body *')) {
                const text = [...node.childNodes].some((child) => child.nodeType === 3 && child.textContent.trim());
                if (!text || node.offsetParent === null || node.closest('.compare, .hidden-text, .swatch, :disabled, svg, option')) continue;
                const style = getComputedStyle(node);
                if (style.color.startsWith('color(')) continue;
                let behind = node;
                let back = [0, 0, 0, 0];
                while (behind && (back.length < 3 || (back.length === 4 && back[3] === 0))) { back = parse(getComputedStyle(behind).backgroundColor); behind = behind.parentElement; }
                const [one, two] = [light(parse(style.color)), light(back)];
                const contrast = (Math.max(one, two) + 0.05) / (Math.min(one, two) + 0.05);
                if (contrast < 4.5) found.push(`${contrast.toFixed(2)} ${node.outerHTML.slice(0, 120)}`);
            }
            return found;
        })()",
    );
    assert_eq!(pale, json!([]));
    let wide =
        browser.eval("document.documentElement.scrollWidth - document.documentElement.clientWidth");
    assert!(
        wide.as_i64().unwrap() <= 1,
        "the page is {wide} pixels too wide"
    );
}

/// The view in both themes, on a desk and on a phone.
fn keep_all(browser: &mut Browser, name: &str) {
    for (width, height, size) in [(1440, 900, "desktop"), (390, 844, "phone")] {
        for dark in [false, true] {
            browser.look(width, height, dark);
            let theme = if dark { "dark" } else { "light" };
            browser.until(&format!(
                "document.documentElement.dataset.theme === '{theme}'"
            ));
            assert_usable(browser);
            browser.keep_screenshot(&format!("{name}-{size}-{theme}"));
        }
    }
    browser.look(1280, 900, false);
}

#[test]
fn photos_are_tried_and_downloaded() {
    let served = Served::start();
    let Some(mut browser) = browser(&served) else {
        return;
    };
    served.place.picture("photo.png", 120, 90, 2);
    served.place.picture("other.png", 90, 120, 3);
    served
        .place
        .run("apply photo.png --style tiny --output out")
        .done();
    browser.click("input[value=tiny]");
    browser.until("document.querySelector('.side select')");
    browser.eval("(() => { const size = document.querySelector('.options select'); size.value = 'keep'; size.dispatchEvent(new Event('change')); })()");
    browser.drop_files(&[
        served.place.path("photo.png"),
        served.place.path("other.png"),
    ]);
    browser.until("document.querySelector('.compare')");
    browser.until("document.querySelectorAll('.strip .thumb:not(.add)').length === 2 && !document.querySelector('.strip .spinner')");
    browser.eval("document.querySelector('.compare-handle').focus()");
    for _ in 0..5 {
        browser.press("ArrowLeft");
    }
    assert_eq!(
        browser.eval("document.querySelector('.compare-handle').getAttribute('aria-valuenow')"),
        "40"
    );
    let [left, top, width, height] = browser.place(".compare");
    browser.draw(&[
        (left + 0.4 * width, top + 0.5 * height),
        (left + 0.8 * width, top + 0.5 * height),
    ]);
    assert_eq!(
        browser.eval("document.querySelector('.compare-handle').getAttribute('aria-valuenow')"),
        "80"
    );
    keep_all(&mut browser, "try");
    browser.click_text("Download");
    assert!(browser.downloaded("photo.png") == served.place.read("out/photo.png"));
    assert_eq!(browser.complaints, Vec::<String>::new());
}

#[test]
fn holes_are_painted_and_filled() {
    let served = Served::start();
    let Some(mut browser) = browser(&served) else {
        return;
    };
    served.place.picture("photo.png", 120, 90, 2);
    go(&mut browser, "fill");
    browser.until("document.querySelector('.intake')");
    browser.drop_files(&[served.place.path("photo.png")]);
    browser.until("document.querySelector('.viewport canvas')");
    assert_eq!(browser.eval("[...document.querySelectorAll('button')].find((node) => node.innerText === 'Fill').disabled"), true);
    let [left, top, width, height] = browser.place(".viewport canvas");
    let middle = (left + width / 2.0, top + height / 2.0);
    let line = [
        (middle.0 - 40.0, middle.1),
        (middle.0, middle.1 + 10.0),
        (middle.0 + 40.0, middle.1),
    ];
    browser.draw(&line);
    browser.draw(&[
        (middle.0 - 40.0, middle.1 - 60.0),
        (middle.0 + 40.0, middle.1 - 60.0),
    ]);
    browser.click("button[aria-label^=Undo]");
    browser.click("button[aria-label^=Undo]");
    browser.click("button[aria-label^=Redo]");
    // The same by keyboard, and some of it taken away again.
    browser.eval("document.querySelector('.viewport canvas').focus()");
    browser.press("b");
    for key in [" ", "ArrowRight", "ArrowRight", "ArrowRight", " ", "e"] {
        browser.press(key);
    }
    assert_eq!(
        browser.eval("document.querySelector('[data-tool=eraser]').getAttribute('aria-pressed')"),
        "true"
    );
    keep_all(&mut browser, "fill");
    browser.click_text("Fill");
    browser.until("document.querySelector('.compare')");
    keep_all(&mut browser, "filled");
    browser.click_text("Download");
    let filled = image::load_from_memory(&browser.downloaded("photo.png"))
        .unwrap()
        .into_rgb8();
    let photo = image::open(served.place.path("photo.png"))
        .unwrap()
        .into_rgb8();
    let changed = filled
        .pixels()
        .zip(photo.pixels())
        .filter(|(one, other)| one != other)
        .count();
    assert!(
        (20..2500).contains(&changed),
        "{changed} pixels have changed"
    );
    for corner in [(0, 0), (119, 0), (0, 89), (119, 89)] {
        assert_eq!(
            filled.get_pixel(corner.0, corner.1),
            photo.get_pixel(corner.0, corner.1)
        );
    }
    browser.click_text("Go on from here");
    browser.until("document.querySelector('.viewport canvas')");
    // A mask that is loaded gives what it gives to `apply`.
    served.place.picture("other.png", 120, 90, 5);
    let hole = |x, y| image::Luma([255 * u8::from((30..44).contains(&x) && (20..40).contains(&y))]);
    served
        .place
        .save("mask.png", image::GrayImage::from_fn(120, 90, hole));
    served
        .place
        .run("apply other.png --style hole --mask mask.png --output out")
        .done();
    browser.click_text("Another photo");
    browser.until("document.querySelector('.intake')");
    browser.drop_files(&[served.place.path("other.png")]);
    browser.until("document.querySelector('.viewport canvas')");
    browser.choose_file("input[aria-label=Mask]", &served.place.path("mask.png"));
    browser.click_text("Fill");
    browser.until("document.querySelector('.compare')");
    browser.click_text("Download");
    assert!(browser.downloaded("other.png") == served.place.read("out/other.png"));
    assert_eq!(browser.complaints, Vec::<String>::new());
}

#[test]
fn holes_are_painted_on_24_megapixels() {
    let served = Served::start();
    let Some(mut browser) = browser(&served) else {
        return;
    };
    let (width, height) = (6000, 4000);
    let slope = |x, y| image::Rgb([(x / 24) as u8, (y / 16) as u8, 90]);
    let photo = image::RgbImage::from_fn(width, height, slope);
    served.place.save("large.png", photo.clone());
    go(&mut browser, "fill");
    browser.until("document.querySelector('.intake')");
    browser.drop_files(&[served.place.path("large.png")]);
    browser.until("document.querySelector('.viewport canvas')");
    // While the page is laid out, the canvas would move from under the stroke.
    let mut place = [0.0; 4];
    let [left, top, shown_width, shown_height] = loop {
        let before = place;
        place = browser.place(".viewport canvas");
        if before
            .iter()
            .zip(place)
            .all(|(one, two)| (one - two).abs() < 0.5)
        {
            break place;
        }
        std::thread::sleep(std::time::Duration::from_millis(200));
    };
    let middle = (left + shown_width / 2.0, top + shown_height / 2.0);
    browser.draw(&[(middle.0 - 20.0, middle.1), (middle.0 + 20.0, middle.1)]);
    keep_all(&mut browser, "fill-large");
    browser.click_text("Fill");
    browser.until("document.querySelector('.compare')");
    browser.click_text("Download");
    let filled = image::load_from_memory(&browser.downloaded("large.png"))
        .unwrap()
        .into_rgb8();
    assert_eq!(filled.dimensions(), (width, height));
    // What has changed lies where the stroke was drawn: around the middle, 40 pixels of the screen wide.
    let pixels = filled.enumerate_pixels().zip(photo.pixels());
    let changed: Vec<(u32, u32)> = pixels
        .filter(|((_, _, one), other)| one != other)
        .map(|((x, y, _), _)| (x, y))
        .collect();
    assert!(
        changed.len() > 1000,
        "{} pixels have changed",
        changed.len()
    );
    let scale = f64::from(width) / shown_width.min(shown_height * 1.5);
    for (x, y) in changed {
        let from_middle = (f64::from(x) - 3000.0).abs().max(f64::from(y) - 2000.0);
        assert!(from_middle < 80.0 * scale, "{x}, {y} at a scale of {scale}");
    }
    assert_eq!(browser.complaints, Vec::<String>::new());
}

#[test]
fn label_maps_are_painted() {
    let served = Served::start();
    let Some(mut browser) = browser(&served) else {
        return;
    };
    go(&mut browser, "labels");
    browser.until("document.querySelector('.palette input[value=\"3\"]')");
    // The view that was there first may have come later.
    std::thread::sleep(std::time::Duration::from_millis(200));
    assert_eq!(browser.eval("document.querySelectorAll('.side').length"), 1);
    browser.click(".palette input[value=\"3\"]");
    let [left, top, width, height] = browser.place(".viewport canvas");
    let middle = (left + width / 2.0, top + height / 2.0);
    browser.draw(&[(middle.0 - 60.0, middle.1), (middle.0 + 60.0, middle.1)]);
    browser.press("g");
    browser.click(".palette input[value=\"2\"]");
    browser.draw(&[(middle.0, middle.1 + 100.0), (middle.0, middle.1 + 100.0)]);
    browser.click_text("Find objects");
    browser.click_text("Make pictures");
    browser.until("document.querySelectorAll('.looks img').length === 3");
    browser.until("[...document.querySelectorAll('.looks img')].every((image) => image.complete && image.naturalWidth > 0)");
    keep_all(&mut browser, "labels");
    assert_eq!(browser.complaints, Vec::<String>::new());
}

#[test]
fn trainings_are_started_watched_and_stopped() {
    let place = Place::with_pairs();
    let line = format!(
        "train {PIX2PIX} --name before --steps 40 --set train.log_every=1 --set train.preview_every=10"
    );
    place.run(&line).done();
    let served = Served::start_in(place, |options| options.roots = vec!["pairs".into()]);
    let Some(mut browser) = browser(&served) else {
        return;
    };
    go(&mut browser, "training");
    browser.until("document.querySelector('.run-card')");
    keep_all(&mut browser, "trainings");
    browser.click(".run-card");
    browser.until("document.querySelectorAll('.chart canvas').length >= 4");
    browser.until("document.querySelector('.preview-picture img').naturalWidth > 0");
    browser.eval("(() => { const slider = document.querySelector('.previews input[type=range]'); slider.value = 1; slider.dispatchEvent(new Event('input')); })()");
    browser.until("document.querySelector('.step').textContent === 'step 20'");
    keep_all(&mut browser, "training");
    // A new one, from the form.
    go(&mut browser, "training/new");
    browser.until("document.querySelector('.run-form')");
    keep_all(&mut browser, "new-training");
    browser.eval(
        "(() => {
            const set = (node, value) => { node.value = value; node.dispatchEvent(new Event('change')); };
            const byLabel = (text) => [...document.querySelectorAll('label')].find((label) => label.textContent === text).control;
            byLabel('Name of the new style').value = 'page';
            set(byLabel('Recipe'), 'pix2pix-small');
            for (const [label, value] of [['load size', 72], ['crop size', 64], ['log every', 1], ['epochs', 5000]]) set(byLabel(label), value);
            for (const label of document.querySelectorAll('label')) if (label.textContent === 'channels' && label.closest('details').querySelector('summary').textContent !== 'Encoder') set(label.control, 2);
            [...document.querySelectorAll('input[name=data]')][1].click();
        })()",
    );
    browser.click_text("Start");
    browser.until("document.querySelector('.run-head h1')?.textContent === 'page'");
    browser.until("document.querySelector('.pill.running')");
    browser.until("document.querySelectorAll('.chart canvas').length >= 4");
    browser.click_text("Stop");
    browser.until("document.querySelector('.pill.stopped, .pill.finished')");
    let step = served.place.last_step("page");
    assert!(step > 0);
    assert_eq!(browser.complaints, Vec::<String>::new());
}

#[test]
fn folders_are_translated() {
    let served = Served::start();
    for index in 0..4 {
        served
            .place
            .picture(&format!("data/in/{index}.png"), 70, 64, index);
    }
    served.place.write("data/in/broken.png", "no picture");
    let names = crate::cli_support::names(&served.place.path("checkpoints"));
    let place = Place::new();
    for name in names {
        place.write(
            &format!("checkpoints/{name}"),
            served.place.read(&format!("checkpoints/{name}")),
        );
    }
    for name in crate::cli_support::names(&served.place.path("data")) {
        place.write(
            &format!("data/{name}"),
            served.place.read(&format!("data/{name}")),
        );
    }
    drop(served);
    place
        .run("apply data/in --style tiny --output expected")
        .failed(3, &["broken.png"]);
    let served = Served::start_in(place, |options| options.roots = vec!["data".into()]);
    let Some(mut browser) = browser(&served) else {
        return;
    };
    go(&mut browser, "jobs");
    browser.until("document.querySelectorAll('.folders button').length >= 2");
    browser.click(".folders button");
    browser
        .until("document.querySelector('.folder-picker .muted').textContent === '5 pictures here'");
    browser.eval("(() => { const style = [...document.querySelectorAll('label')].find((label) => label.textContent === 'Style').control; style.value = 'tiny'; style.dispatchEvent(new Event('change')); })()");
    browser.click_text("Start");
    browser.until("document.querySelector('.job .pill.done')");
    browser.until("document.querySelector('.failures li')");
    keep_all(&mut browser, "folders");
    for index in 0..4 {
        let name = format!("{index}.png");
        assert!(
            served.place.read(&format!("data/translated/{name}"))
                == served.place.read(&format!("expected/{name}"))
        );
    }
    go(&mut browser, "api");
    browser.until("document.querySelectorAll('.calls li').length > 20");
    keep_all(&mut browser, "api");
    assert_eq!(browser.complaints, Vec::<String>::new());
}
