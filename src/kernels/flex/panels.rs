//! Weights in the order in which tiles take them.
#![expect(
    clippy::inline_always,
    reason = "vector instructions are known only to what is compiled into the function that is called with them"
)]

use pulp::Arch;

use super::tile::{FEW_ROWS, ROWS};

/// Rows of the panels for products of `outputs` rows.
pub(super) fn panel_rows(outputs: usize) -> usize {
    if outputs <= FEW_ROWS { FEW_ROWS } else { ROWS }
}

/// Takes `depth` weights of each of `rows` rows, `stride` apart in `weights`, to a panel, `[depth, panel rows]`, whose other rows are 0.
pub(super) fn pack_rows(
    weights: &[f32],
    rows: usize,
    stride: usize,
    depth: usize,
    panel: &mut [f32],
) {
    if rows == ROWS && panel.len() == depth * ROWS {
        Arch::new().dispatch(
            #[inline(always)]
            || transpose::<ROWS>(weights, stride, depth, panel),
        );
        return;
    }
    let panel_rows = panel.len() / depth;
    panel.fill(0.0);
    for row in 0..rows {
        let weights = &weights[row * stride..][..depth];
        for (target, &weight) in panel[row..].iter_mut().step_by(panel_rows).zip(weights) {
            *target = weight;
        }
    }
}

/// Transposes `ROWS` rows of `depth` numbers.
#[inline(always)]
fn transpose<const ROWS: usize>(rows: &[f32], stride: usize, depth: usize, target: &mut [f32]) {
    let rows: [&[f32]; ROWS] = std::array::from_fn(|row| &rows[row * stride..][..depth]);
    let (columns, _) = target.as_chunks_mut::<ROWS>();
    for (index, column) in columns.iter_mut().enumerate().take(depth) {
        for (number, row) in column.iter_mut().zip(rows) {
            *number = row[index];
        }
    }
}
