//! Names that were meant by mistyped ones.

/// The one of `names` that was probably meant by `name`.
pub(crate) fn nearest(name: &str, names: Vec<String>) -> Option<String> {
    let letters = |text: &str| text.replace(|letter: char| letter.is_ascii_digit(), "");
    let (asked, own) = (name.to_lowercase(), letters(name));
    let candidates = names.into_iter().filter_map(|known| {
        let distance = strsim::damerau_levenshtein(&asked, &known.to_lowercase());
        // One letter instead of another makes every short name.
        let most = (known.chars().count() / 4).min(3);
        (distance <= most && letters(&known) != own).then_some((distance, known))
    });
    candidates.min().map(|(_, known)| known)
}
