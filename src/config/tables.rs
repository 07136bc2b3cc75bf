//! Recipes as TOML tables of sections and keys.

use toml::{Table, Value};

use super::recipe::Recipe;
use super::unused_keys::unused_keys;

impl Recipe {
    /// The recipe as TOML, without the keys that its mode does not use.
    pub fn to_toml(&self) -> String {
        self.to_table().to_string()
    }

    /// The recipe as a table, without the keys that its mode does not use.
    pub fn to_table(&self) -> Table {
        let mut table = to_table(self);
        for (section, key) in unused_keys(self.mode) {
            if let Some(Value::Table(values)) = table.get_mut(section) {
                values.remove(key);
            }
        }
        // A section of which the mode uses nothing.
        table.retain(|_, value| !value.as_table().is_some_and(Table::is_empty));
        table
    }
}

/// The recipe as a table, with all keys.
pub(super) fn to_table(recipe: &Recipe) -> Table {
    Table::try_from(recipe).expect("a recipe has only numbers, strings, booleans and sections")
}

/// A table with one value.
pub(super) fn single(section: &str, key: &str, value: Value) -> Table {
    let inner = Table::from_iter([(key.to_owned(), value)]);
    Table::from_iter([(section.to_owned(), Value::Table(inner))])
}

/// The value of a key, if `table` has one.
pub(super) fn lookup<'a>(table: &'a Table, section: &str, key: &str) -> Option<&'a Value> {
    table.get(section)?.as_table()?.get(key)
}

/// Lays `over` on top of `base`.
pub(super) fn merge(base: &mut Table, over: Table) {
    for (key, value) in over {
        match (base.get_mut(&key), value) {
            (Some(Value::Table(inner)), Value::Table(value)) => merge(inner, value),
            (_, value) => {
                base.insert(key, value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::ValueEnum;

    use super::*;
    use crate::config::{Mode, Overlay};

    #[test]
    fn a_recipe_survives_its_own_text() {
        for &mode in Mode::value_variants() {
            let recipe = Recipe::defaults(mode);
            let text = recipe.to_toml();
            let again = Overlay::from_toml(&text, "text")
                .unwrap()
                .resolve(mode)
                .unwrap();
            assert_eq!(again, recipe);
        }
    }
}
