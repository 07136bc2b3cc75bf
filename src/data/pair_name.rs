//! Names by which files belong together.

use unicode_normalization::UnicodeNormalization;

/// The form of a name in which names are compared: letters with their accents composed (Unicode's form NFC). macOS writes them
/// decomposed, other systems mostly composed, and both look the same.
pub fn pair_name(name: &str) -> String {
    name.nfc().collect()
}

/// Whether two names, both of [`pair_name`], differ in large and small letters alone.
pub fn differ_by_case(first: &str, second: &str) -> bool {
    first != second && first.to_lowercase() == second.to_lowercase()
}

/// The name as it is, composed and decomposed, each form once.
pub fn name_forms(name: &str) -> Vec<String> {
    let mut forms = vec![name.to_owned(), pair_name(name), name.nfd().collect()];
    forms.dedup();
    forms
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_of_a_name_are_one_name() {
        let (composed, decomposed) = ("caf\u{e9}", "cafe\u{301}");
        assert_ne!(composed, decomposed);
        assert_eq!(pair_name(composed), pair_name(decomposed));
        assert_eq!(name_forms(decomposed), [decomposed, composed, decomposed]);
        assert_eq!(name_forms("a"), ["a"]);
        assert!(differ_by_case("\u{c9}t\u{e9}", "\u{e9}t\u{e9}"));
        assert!(!differ_by_case("a", "a") && !differ_by_case("a", "b"));
    }
}
