//! XMP blocks: what picture editors say about a photo, as XML.

/// What says that a thumbnail follows.
const THUMBNAIL: &str = "xmpGImg:image";

/// The block for a picture that has been changed: upright and of this width and height. None if it has a thumbnail, which would
/// still show the old picture.
pub fn updated_for_output(block: &str, width: u32, height: u32) -> Option<String> {
    if block.contains(THUMBNAIL) {
        return None;
    }
    let numbers = [
        ("tiff:Orientation", 1),
        ("tiff:ImageWidth", width),
        ("tiff:ImageLength", height),
        ("exif:PixelXDimension", width),
        ("exif:PixelYDimension", height),
    ];
    let put = |block: String, (name, number): (&str, u32)| put(&block, name, number);
    Some(numbers.into_iter().fold(block.to_owned(), put))
}

/// What a block says of pictures that a new file does not hold: the gain map of an HDR photo, or other pictures behind the first one.
pub(crate) fn lost_pictures(block: &str) -> Option<&'static str> {
    if block.contains("hdrgm:") || block.contains("HDRGainMap") || block.contains("\"GainMap\"") {
        return Some("XMP block tells of a gain map, which is not in this file");
    }
    let is_container = block.contains("Container:Directory") || block.contains("MicroVideo");
    is_container.then_some("XMP block tells of pictures that are not in this file")
}

/// Writes a number wherever the block has one of this name, as an attribute or as an element.
fn put(block: &str, name: &str, number: u32) -> String {
    let mut parts = block.split(name);
    let mut made = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        made.push_str(name);
        let start = part.find(|letter: char| !letter.is_whitespace() && !"=\"'>".contains(letter));
        let (before, rest) = part.split_at(start.unwrap_or(part.len()));
        let after = rest.trim_start_matches(|letter: char| letter.is_ascii_digit());
        made.push_str(before);
        // Without digits this is something else, such as the end of the element.
        if after.len() < rest.len() {
            made.push_str(&number.to_string());
        }
        made.push_str(after);
    }
    made
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_the_old_picture_are_renewed_and_nothing_else() {
        let block = r#"<rdf:Description tiff:Orientation="6" exif:PixelXDimension='4000' dc:rights="6"><tiff:ImageWidth>300</tiff:ImageWidth></rdf:Description>"#;
        let wanted = r#"<rdf:Description tiff:Orientation="1" exif:PixelXDimension='24' dc:rights="6"><tiff:ImageWidth>24</tiff:ImageWidth></rdf:Description>"#;
        assert_eq!(updated_for_output(block, 24, 16).unwrap(), wanted);
        assert_eq!(
            updated_for_output("tiff:Orientation", 24, 16).unwrap(),
            "tiff:Orientation"
        );
        assert_eq!(updated_for_output("<xmpGImg:image>abc", 24, 16), None);
    }
}
