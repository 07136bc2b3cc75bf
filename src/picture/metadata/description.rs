//! Descriptions by which microscopy programs tell the shape of a file: they must be those of the file that they are in.

/// The shape of a file.
#[derive(Debug, Clone, Copy)]
pub(in crate::picture) struct FileShape {
    /// Width and height.
    pub(in crate::picture) size: (u32, u32),
    pub(in crate::picture) channels: usize,
    pub(in crate::picture) pages: usize,
}

/// What a description is for a file of another shape.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::picture) enum Rewritten {
    /// It tells no shape.
    Same,
    Other(String),
    /// It would take more than numbers to renew it.
    Nothing,
}

/// Renews a description that tells the shape of its file: those of ImageJ and tifffile; OME's cannot be renewed.
pub(in crate::picture) fn rewritten(description: &str, shape: FileShape) -> Rewritten {
    if description.starts_with("ImageJ=") {
        return Rewritten::Other(image_j(description, shape.pages));
    }
    if let Ok(serde_json::Value::Object(mut object)) = serde_json::from_str(description)
        && object.contains_key("shape")
    {
        let (width, height) = shape.size;
        let mut numbers = vec![u64::from(height), u64::from(width)];
        if shape.pages > 1 {
            numbers.insert(0, shape.pages as u64);
        }
        if shape.channels > 1 {
            numbers.push(shape.channels as u64);
        }
        // Axes, and whether pages follow each other without directories, belong to the old shape.
        object.remove("axes");
        object.remove("truncated");
        object.insert("shape".to_owned(), numbers.into());
        return Rewritten::Other(serde_json::Value::Object(object).to_string());
    }
    if description.contains("<OME") {
        return Rewritten::Nothing;
    }
    Rewritten::Same
}

/// Lines of `name=value`, of which some say how many pictures there are and how they are shown.
fn image_j(description: &str, pages: usize) -> String {
    const OF_THE_OLD_FILE: [&str; 9] = [
        "images",
        "channels",
        "slices",
        "frames",
        "hyperstack",
        "mode",
        "loop",
        "min",
        "max",
    ];
    let mut lines: Vec<String> = Vec::new();
    for line in description.lines() {
        let name = line.split('=').next().unwrap_or_default();
        if !OF_THE_OLD_FILE.contains(&name) {
            lines.push(line.to_owned());
        }
        if name == "ImageJ" && pages > 1 {
            lines.push(format!("images={pages}"));
            lines.push(format!("slices={pages}"));
        }
    }
    lines.join("\n") + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_description_tells_the_shape_of_its_own_file() {
        let shape = |pages| FileShape {
            size: (32, 24),
            channels: 3,
            pages,
        };
        let stack =
            "ImageJ=1.11a\nimages=6\nchannels=2\nslices=3\nhyperstack=true\nunit=um\nmin=2.0\n";
        assert_eq!(
            rewritten(stack, shape(1)),
            Rewritten::Other("ImageJ=1.11a\nunit=um\n".to_owned())
        );
        assert_eq!(
            rewritten(stack, shape(6)),
            Rewritten::Other("ImageJ=1.11a\nimages=6\nslices=6\nunit=um\n".to_owned())
        );
        let shaped = r#"{"shape": [6, 24, 32], "axes": "ZYX"}"#;
        assert_eq!(
            rewritten(shaped, shape(1)),
            Rewritten::Other(r#"{"shape":[24,32,3]}"#.to_owned())
        );
        assert_eq!(rewritten("<?xml?><OME/>", shape(1)), Rewritten::Nothing);
        assert_eq!(rewritten("a cell", shape(1)), Rewritten::Same);
    }
}
