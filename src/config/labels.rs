//! What the ids of label maps are to the networks.

use super::error::ConfigError;
use super::options::UnlabelledKind;
use super::sections::DataRecipe;
use super::validation::require;

/// The highest id that label maps can have for unlabelled pixels.
const MAX_UNLABELLED: u32 = 65_535;

impl DataRecipe {
    /// Channels of a one-hot label map: one for each class, and one for unlabelled pixels where these are a class that is none of
    /// the others. 0 where the inputs are pictures.
    pub fn label_channels(&self) -> usize {
        let is_further = |id: u32| id as usize >= self.classes;
        let has_own = self.unlabelled_as == UnlabelledKind::Class
            && self.classes > 0
            && self.unlabelled.is_some_and(is_further);
        self.classes + usize::from(has_own)
    }

    /// The place of unlabelled pixels among the channels of a one-hot label map. It is no channel where they are shown as zeros.
    pub fn unlabelled_channel(&self) -> usize {
        match (self.unlabelled_as, self.unlabelled) {
            (UnlabelledKind::Class, Some(id)) => self.classes.min(id as usize),
            _ => self.classes,
        }
    }

    pub(super) fn validate_labels(&self) -> Result<(), ConfigError> {
        let has_labels = self.classes > 0;
        let needs_labels = || {
            "is for label maps, and with `data.classes = 0` the inputs are pictures: leave it out"
                .to_owned()
        };
        require(
            has_labels || self.unlabelled.is_none(),
            "data.unlabelled",
            needs_labels,
        )?;
        require(
            has_labels || self.palette.is_empty(),
            "data.palette",
            needs_labels,
        )?;
        let is_id = |id: u32| id <= MAX_UNLABELLED;
        require(self.unlabelled.is_none_or(is_id), "data.unlabelled", || {
            format!("must be from 0 to {MAX_UNLABELLED}")
        })?;
        require(
            self.unlabelled.is_some() || self.unlabelled_as == UnlabelledKind::Class,
            "data.unlabelled_as",
            || "has an effect only with `data.unlabelled`, the id of unlabelled pixels".to_owned(),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Mode, Overlay, Recipe};

    #[test]
    fn unlabelled_pixels_are_a_further_class_one_of_the_classes_or_none() {
        let channels = |unlabelled, shown| {
            let mut data = Recipe::defaults(Mode::Pix2pixhd).data;
            data.classes = 19;
            (data.unlabelled, data.unlabelled_as) = (unlabelled, shown);
            (data.label_channels(), data.unlabelled_channel())
        };
        assert_eq!(channels(None, UnlabelledKind::Class), (19, 19));
        assert_eq!(channels(Some(255), UnlabelledKind::Class), (20, 19));
        assert_eq!(channels(Some(0), UnlabelledKind::Class), (19, 0));
        assert_eq!(channels(Some(255), UnlabelledKind::Zeros), (19, 19));
        assert_eq!(channels(Some(0), UnlabelledKind::Zeros), (19, 19));
    }

    #[test]
    fn settings_of_labels_need_labels() {
        for (settings, key) in [
            (
                &["data.classes=0", "data.unlabelled=255"][..],
                "data.unlabelled",
            ),
            (&["data.classes=0", "data.palette=a.txt"], "data.palette"),
            (&["data.unlabelled=65536"], "data.unlabelled"),
            (&["data.unlabelled_as=zeros"], "data.unlabelled_as"),
        ] {
            let mut overlay = Overlay::default();
            for setting in settings {
                overlay.set(setting).unwrap();
            }
            let error = overlay.resolve(Mode::Pix2pixhd).unwrap_err().to_string();
            assert!(error.contains(&format!("`{key}`")), "{error}");
        }
    }
}
