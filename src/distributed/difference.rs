//! In which lines two texts differ.

/// The first lines of which one of two texts has another, or none.
pub(super) fn difference(first: &str, other: &str) -> String {
    const SHOWN: usize = 3;
    let only = |text: &str, than: &str| -> Vec<String> {
        let known: Vec<_> = than.lines().collect();
        let lines = text.lines().filter(|line| !known.contains(line));
        lines.take(SHOWN).map(str::to_owned).collect()
    };
    let shown = |lines: Vec<String>| {
        if lines.is_empty() {
            "nothing of the kind".to_owned()
        } else {
            lines.join(", ")
        }
    };
    format!(
        "{}; process 0: {}",
        shown(only(other, first)),
        shown(only(first, other))
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_that_differ_are_shown() {
        let first = "lr = 1\nseed = 2\n";
        assert_eq!(
            difference(first, "lr = 1\nseed = 3\n"),
            "seed = 3; process 0: seed = 2"
        );
        assert_eq!(
            difference(first, "lr = 1\n"),
            "nothing of the kind; process 0: seed = 2"
        );
    }
}
