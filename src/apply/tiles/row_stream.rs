//! A picture on its way through a network, by rows.

use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};

use super::blend::blend;
use super::canvas::Canvas;
use super::source::InputRows;
use super::tiling::SplitMode;
use crate::apply::row_access::RowAccess;
use crate::apply::translator::Translator;
use crate::nn::BandLimits;

/// A picture that is read by rows, and its translation.
pub(in crate::apply) struct RowStream<'a> {
    pub(in crate::apply) source: InputRows,
    pub(in crate::apply) canvas: Canvas,
    /// Ends the work early.
    pub(in crate::apply) stop: &'a AtomicBool,
}

impl RowStream<'_> {
    /// Translates the picture; `limits` are those of bands of so many rows.
    pub(in crate::apply) fn translate(
        &mut self,
        translator: &mut dyn Translator,
        mode: SplitMode,
        limits: impl FnOnce(Option<usize>) -> BandLimits,
        index: u64,
    ) -> Result<(), String> {
        match mode {
            SplitMode::Bands(rows) => translator.translate_in_bands(self, &limits(rows), index),
            SplitMode::Blended(tiles) => blend(self, tiles, translator, index),
        }
    }
}

impl RowAccess for RowStream<'_> {
    fn padded_height(&self) -> usize {
        self.source.padding.padded_height
    }

    fn padded_width(&self) -> usize {
        self.source.padding.padded_width
    }

    fn read(&self, rows: Range<usize>) -> Result<Vec<f32>, String> {
        self.source.rows(rows)
    }

    fn write(&mut self, rows: Range<usize>, values: Vec<f32>) -> Result<(), String> {
        self.canvas.write(rows, &values)
    }

    fn progress(&mut self, share: f64) -> Result<(), String> {
        tracing::debug!("{:.1} %", share * 100.0);
        if self.stop.load(Ordering::Relaxed) {
            return Err("stopped".to_owned());
        }
        Ok(())
    }
}
