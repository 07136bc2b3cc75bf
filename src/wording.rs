//! What messages have in common.

use std::fmt::Display;

/// A number of things: "1 picture", "2 pictures".
pub(crate) fn counted<N>(number: N, thing: &str) -> String
where
    N: Display + PartialEq + From<u8>,
{
    let plural = if number == N::from(1) { "" } else { "s" };
    format!("{number} {thing}{plural}")
}

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
