//! What is said of pictures that are translated at the size of their style.

use crate::apply::{ApplyOptions, FileReport, OutputSize};

/// Says once that pictures are larger than a style takes them, when the first such picture comes.
pub(super) struct ReducedNote {
    /// The longest shorter side that is translated as it is; none where all are, and after the note.
    side: Option<u32>,
}

impl ReducedNote {
    pub(super) fn new(options: &ApplyOptions) -> Self {
        Self {
            side: match options.size {
                OutputSize::ShortAtMost(side) => Some(side),
                _ => None,
            },
        }
    }

    pub(super) fn see(&mut self, file: &FileReport) {
        let (Some(side), Some(width), Some(height)) = (self.side, file.width, file.height) else {
            return;
        };
        // Translations have the size of their pictures again.
        if width.min(height) > side {
            tracing::info!(
                "pictures whose shorter side has more than {side} pixels are translated at that, the size of the style, and brought \
                 back to their own; `--size keep` translates them as they are"
            );
            self.side = None;
        }
    }
}
