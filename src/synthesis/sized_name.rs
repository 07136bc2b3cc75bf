//! Names of layers that tell the size of their pictures.

/// The name of the layer at `path`, with sizes of pictures, which `side` gives, in place of the places in a list.
pub(super) fn sized_name(path: &str, side: impl Fn(usize) -> usize) -> String {
    let mut parts: Vec<String> = path.split('.').map(ToOwned::to_owned).collect();
    if let Some(part) = parts.get_mut(1)
        && let Ok(place) = part.parse()
    {
        *part = side(place).to_string();
    }
    parts.join(".")
}
