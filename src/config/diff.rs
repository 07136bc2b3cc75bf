//! The differences between two recipes.

use toml::Value;

use super::recipe::Recipe;
use super::tables::lookup;

/// Lists the keys whose values differ, one line each: `data.crop_size: 64, now 128`.
pub fn diff(before: &Recipe, now: &Recipe) -> Vec<String> {
    let (before, now) = (before.to_table(), now.to_table());
    let mut keys: Vec<(String, String)> = Vec::new();
    for table in [&before, &now] {
        for (section, values) in table {
            if let Value::Table(values) = values {
                keys.extend(values.keys().map(|key| (section.clone(), key.clone())));
            }
        }
    }
    keys.sort();
    keys.dedup();
    let show = |value: Option<&Value>| value.map_or("not set".to_owned(), ToString::to_string);
    let mut lines = Vec::new();
    if before.get("mode") != now.get("mode") {
        lines.push(format!(
            "mode: {}, now {}",
            show(before.get("mode")),
            show(now.get("mode"))
        ));
    }
    for (section, key) in keys {
        let (old, new) = (
            lookup(&before, &section, &key),
            lookup(&now, &section, &key),
        );
        if old != new {
            lines.push(format!("{section}.{key}: {}, now {}", show(old), show(new)));
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Mode;

    #[test]
    fn differences_are_shown_by_key() {
        let before = Recipe::defaults(Mode::Cycle);
        let mut now = before.clone();
        now.data.crop_size = 128;
        now.optim.lr_discriminator = Some(0.5);
        assert_eq!(
            diff(&before, &now),
            [
                "data.crop_size: 256, now 128",
                "optim.lr_discriminator: not set, now 0.5"
            ]
        );
    }
}
