//! Files beside a picture that say where it lies: world files, projections, and GDAL's metadata.

use std::ffi::OsString;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// Far above what such files have.
const MAX_BYTES: u64 = 16 << 20;

/// Width and height.
type Size = (usize, usize);

/// The files that go along with the translation of a picture, with what they are to hold for a picture of another size.
pub(super) fn sidecars(
    input: &Path,
    output: &Path,
    own: Size,
    size: Size,
) -> Vec<(PathBuf, Vec<u8>)> {
    let mut found = Vec::new();
    if let Some(extension) = input.extension().and_then(|extension| extension.to_str()) {
        for (name, out) in [
            (Some(world_extension(extension)), world_of(output)),
            (Some(format!("{extension}w")), long_world_of(output)),
            (Some("wld".to_owned()), Some("wld".to_owned())),
        ] {
            let (Some(name), Some(out)) = (name, out) else {
                continue;
            };
            if let Some((text, _)) = read_beside(input, &name)
                && let Some(text) = resized_world(&text, own, size)
            {
                found.push((output.with_extension(out), text.into_bytes()));
            }
        }
    }
    if let Some((text, _)) = read_beside(input, "prj") {
        found.push((output.with_extension("prj"), text.into_bytes()));
    }
    if let Some(text) = read(&with_suffix(input, ".aux.xml")) {
        let text = resized_metadata(&text, own, size);
        found.push((with_suffix(output, ".aux.xml"), text.into_bytes()));
    }
    found
}

/// `tif` as `tfw`: its first and last letter.
fn world_extension(extension: &str) -> String {
    let mut letters = extension.chars();
    let first = letters.next();
    let last = letters.next_back();
    first.into_iter().chain(last).chain(['w']).collect()
}

fn world_of(output: &Path) -> Option<String> {
    Some(world_extension(output.extension()?.to_str()?))
}

fn long_world_of(output: &Path) -> Option<String> {
    Some(format!("{}w", output.extension()?.to_str()?))
}

/// The text of the file of the same name with another extension, in small or capital letters.
fn read_beside(input: &Path, extension: &str) -> Option<(String, PathBuf)> {
    let capital = extension.to_uppercase();
    [extension, capital.as_str()]
        .into_iter()
        .find_map(|extension| {
            let path = input.with_extension(extension);
            read(&path).map(|text| (text, path))
        })
}

fn read(path: &Path) -> Option<String> {
    let metadata = path.metadata().ok()?;
    let is_small = metadata.is_file() && metadata.len() <= MAX_BYTES;
    is_small.then(|| std::fs::read_to_string(path).ok())?
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(suffix);
    name.into()
}

/// A world file for a picture of another size: size of a pixel, rotations, and the middle of the pixel in the upper left corner.
fn resized_world(text: &str, own: Size, size: Size) -> Option<String> {
    if own == size {
        return Some(text.to_owned());
    }
    let numbers: Option<Vec<f64>> = text
        .split_whitespace()
        .map(|number| number.parse().ok())
        .collect();
    let numbers: [f64; 6] = numbers?.try_into().ok()?;
    let [a, d, b, e, x, y] = numbers;
    let across = own.0 as f64 / size.0 as f64;
    let down = own.1 as f64 / size.1 as f64;
    // The corner stays; the middle of its pixel does not.
    let (left, top) = (x - f64::midpoint(a, b), y - f64::midpoint(d, e));
    let (a, d, b, e) = (a * across, d * across, b * down, e * down);
    let mut lines = String::new();
    for number in [
        a,
        d,
        b,
        e,
        left + f64::midpoint(a, b),
        top + f64::midpoint(d, e),
    ] {
        // Writing to a string cannot fail.
        let _ = writeln!(lines, "{number}");
    }
    Some(lines)
}

/// GDAL's metadata without statistics of the old pixels, and with the transformation of a picture of another size.
fn resized_metadata(text: &str, own: Size, size: Size) -> String {
    let is_kept = |line: &&str| !line.contains("key=\"STATISTICS_");
    let text: Vec<&str> = text.lines().filter(is_kept).collect();
    let text = text.join("\n") + "\n";
    let (start, end) = ("<GeoTransform>", "</GeoTransform>");
    let Some((before, rest)) = text.split_once(start).filter(|_| own != size) else {
        return text;
    };
    let Some((numbers, after)) = rest.split_once(end) else {
        return text;
    };
    let numbers: Option<Vec<f64>> = numbers
        .split(',')
        .map(|number| number.trim().parse().ok())
        .collect();
    let Some(Ok([x, a, b, y, d, e])) = numbers.map(<[f64; 6]>::try_from) else {
        return text;
    };
    let across = own.0 as f64 / size.0 as f64;
    let down = own.1 as f64 / size.1 as f64;
    let numbers = [x, a * across, b * down, y, d * across, e * down];
    let numbers = numbers.map(|number| format!("{number:e}")).join(", ");
    format!("{before}{start} {numbers}{end}{after}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lies_beside_a_picture_goes_along_with_it() {
        let folder = tempfile::tempdir().unwrap();
        let input = folder.path().join("a.tif");
        let write =
            |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
        write("a.tfw", "10\n0\n0\n-10\n505\n995\n");
        write("a.prj", "PROJCS[]");
        write(
            "a.tif.aux.xml",
            "<PAMDataset>\n<GeoTransform> 500, 10, 0, 1000, 0, -10</GeoTransform>\n<MDI key=\"STATISTICS_MEAN\">7</MDI>\n</PAMDataset>\n",
        );
        let beside = sidecars(&input, Path::new("out/a.png"), (20, 10), (10, 10));
        let text = |name: &str| {
            let found = beside.iter().find(|(path, _)| path == Path::new(name));
            String::from_utf8(found.unwrap().1.clone()).unwrap()
        };
        assert_eq!(beside.len(), 3);
        assert_eq!(text("out/a.pgw"), "20\n0\n0\n-10\n510\n995\n");
        assert_eq!(text("out/a.prj"), "PROJCS[]");
        assert_eq!(
            text("out/a.png.aux.xml"),
            "<PAMDataset>\n<GeoTransform> 5e2, 2e1, 0e0, 1e3, 0e0, -1e1</GeoTransform>\n</PAMDataset>\n"
        );
    }
}
