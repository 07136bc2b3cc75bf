//! The way of pictures through a network, alone or together.

use std::path::Path;
use std::sync::atomic::AtomicBool;

use super::joint_pass::translate_together;
use super::output_values::Output;
use super::passthrough::Passthrough;
use super::picture::FinishedPage;
use super::pipeline_runner::guarded;
use super::prepared::{Input, Prepared};
use super::reading::is_usual;
use super::tiles::{Canvas, CanvasKind, Permit, RowStream, SplitPolicy};
use super::translator::Translator;

/// The pages of a picture before the network, and the pixels that it may hold in memory.
pub(super) type PreparedPages = (Vec<Prepared>, Permit);

/// A picture that the network has translated.
pub(super) struct Translated {
    pub(super) pages: Vec<FinishedPage>,
    _permit: Permit,
}

/// A network, and what large pictures need on their way through it.
pub(super) struct NetworkPass<'a> {
    pub(super) translator: &'a mut dyn Translator,
    pub(super) split: &'a SplitPolicy,
    /// Where translations are kept that are too large for the memory.
    pub(super) folder: &'a Path,
    /// Ends the work on a large picture early.
    pub(super) stop: &'a AtomicBool,
}

impl NetworkPass<'_> {
    /// Translates pictures, each with its place in the plan: several are those that go through the network together.
    pub(super) fn translate(
        &mut self,
        mut pictures: Vec<(usize, PreparedPages)>,
    ) -> Vec<Result<Translated, String>> {
        let pages = pictures.iter_mut();
        let mut pages: Vec<_> = pages.map(|(index, (pages, _))| (*index, pages)).collect();
        let made = translate_together(self.translator, &mut pages);
        let made = made.map_or_else(Vec::new, |made| made.into_iter().map(Some).collect());
        let made = made.into_iter().chain(std::iter::repeat(None));
        let each = pictures.into_iter().zip(made);
        each.map(|((index, picture), made)| guarded(|| self.picture(index, picture, made)))
            .collect()
    }

    /// Translates a picture of which the first page may be `made` already.
    fn picture(
        &mut self,
        index: usize,
        (pages, permit): PreparedPages,
        mut made: Option<Vec<f32>>,
    ) -> Result<Translated, String> {
        let pages = pages.into_iter();
        let pages = pages.map(|page| self.page(index as u64, page, made.take()));
        Ok(Translated {
            pages: pages.collect::<Result<_, _>>()?,
            _permit: permit,
        })
    }

    fn page(
        &mut self,
        index: u64,
        page: Prepared,
        made: Option<Vec<f32>>,
    ) -> Result<FinishedPage, String> {
        let Prepared {
            input,
            padding,
            mut passthrough,
        } = page;
        let enlarged = padding.enlarged(self.translator.scale());
        let output = match (input, made) {
            (Input::Values(_), Some(made)) => Output::Values(made),
            (Input::Values(values), None) => {
                let (height, width) = (padding.padded_height, padding.padded_width);
                Output::Values(self.translator.translate(values, height, width, index)?)
            }
            (Input::Rows(source, mode), _) => {
                let channels = self.translator.output_channels();
                let kind = canvas_kind(&passthrough, channels);
                let mut picture = RowStream {
                    source,
                    canvas: Canvas::new(enlarged, channels, kind, self.folder)?,
                    stop: self.stop,
                };
                let limits = |rows| self.split.limits(rows, &enlarged, self.folder);
                picture.translate(self.translator, mode, limits, index)?;
                passthrough.notes.extend(mode.note());
                picture.canvas.into_output()?
            }
        };
        Ok(FinishedPage {
            output,
            padding: enlarged,
            passthrough,
        })
    }
}

/// What a large translation is kept as.
fn canvas_kind(passthrough: &Passthrough, channels: usize) -> CanvasKind {
    if passthrough.bands.is_some() || !is_usual(channels) {
        CanvasKind::Values
    } else if passthrough.is_16_bit || passthrough.matching.is_some() {
        // What is changed afterwards is not rounded before.
        CanvasKind::Bits16
    } else {
        CanvasKind::Bits8
    }
}
