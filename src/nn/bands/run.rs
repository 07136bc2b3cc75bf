//! Runs the passes one after the other.

use std::path::PathBuf;

use burn::tensor::Device;

use super::feature_store::{FeatureStore, StoreError};
use super::graph::Graph;
use super::moments::Moments;
use super::pass_runner::PassRunner;
use super::plan::{IN_FILE, IN_MEMORY, LiveRange, Plan};
use super::schedule::PlannedPass;
use super::tensor_rows::TensorRows;
use crate::kernels::computes_on_own_threads;
use crate::nn::forward_mode::ForwardMode;
use crate::nn::generator::Generator;

/// What a forward pass in bands may use.
#[derive(Debug, Clone)]
pub struct BandLimits {
    /// Rows of the picture in one band; `None` for as many as fit into `working`.
    pub rows: Option<usize>,
    /// Bytes for the features of one band.
    pub working: u64,
    /// Bytes for features that are stored in memory between passes. Others go to a file.
    pub kept: u64,
    /// Folder for such files. They have no name, and are gone when the pass ends, however it ends.
    pub folder: PathBuf,
}

/// Runs `generator` without dropout on a picture of `dims` (channels, height, width), of a size that [`Generator::forward`]
/// takes, with the same output up to rounding.
///
/// # Errors
/// Features cannot be stored, or `rows` fails.
pub fn forward_in_bands<R: TensorRows>(
    generator: &Generator,
    dims: [usize; 3],
    mode: ForwardMode,
    limits: &BandLimits,
    rows: &mut R,
) -> Result<(), R::Error> {
    let graph = Graph::new(generator, dims, mode);
    let mut plan = Plan::new(&graph, IN_MEMORY);
    if plan.peak_bytes(&graph) > limits.kept {
        plan = Plan::new(&graph, IN_FILE);
    }
    let total_cost: f64 = plan.passes.iter().map(|pass| pass.cost(&graph)).sum();
    let mut before = 0.0;
    let mut statistics = vec![None; graph.nodes.len()];
    let mut stores: Vec<Option<FeatureStore>> = graph.nodes.iter().map(|_| None).collect();
    for (number, pass) in plan.passes.iter().enumerate() {
        open_stores(&graph, &plan, number, limits, &mut stores)?;
        let target = &graph.nodes[pass.target];
        let mut moments = Moments::new(target.dims[0]);
        let mut runner = PassRunner::new(&graph, pass, number, &plan.live_ranges, &statistics);
        let height = target.height();
        let step = band_rows(&graph, pass, limits, rows.device());
        for start in (0..height).step_by(step) {
            let end = (start + step).min(height);
            let mut row = start;
            for features in runner.advance(end, &mut stores, rows)? {
                let count = features.dims()[2];
                if pass.norm.is_some() {
                    moments.add(features);
                } else {
                    rows.write(row..row + count, features)?;
                }
                row += count;
            }
            let share = end as f64 / height as f64;
            rows.progress((before + share * pass.cost(&graph)) / total_cost)?;
        }
        before += pass.cost(&graph);
        if let Some(norm) = pass.norm {
            statistics[norm] = Some(moments.statistics(rows.device()));
        }
        for (slot, store) in stores.iter_mut().enumerate() {
            if store.is_some() && plan.last_use(slot) <= number {
                *store = None;
            }
        }
    }
    Ok(())
}

/// Opens the stores that pass `number` is the first to write to.
fn open_stores(
    graph: &Graph,
    plan: &Plan,
    number: usize,
    limits: &BandLimits,
    stores: &mut [Option<FeatureStore>],
) -> Result<(), StoreError> {
    let begins = |range: &&LiveRange| range.first_pass == number;
    for range in plan.live_ranges.iter().flatten().filter(begins) {
        if stores[range.slot].is_some() {
            continue;
        }
        let used: u64 = stores.iter().flatten().map(FeatureStore::memory).sum();
        let dims = graph.nodes[range.slot].dims;
        let bytes = 4 * graph.nodes[range.slot].values() as u64;
        stores[range.slot] = Some(if used + bytes <= limits.kept {
            FeatureStore::in_memory(dims)
        } else {
            FeatureStore::in_file(dims, &limits.folder)?
        });
    }
    Ok(())
}

/// Rows of the target of a pass per band.
fn band_rows(graph: &Graph, pass: &PlannedPass, limits: &BandLimits, device: &Device) -> usize {
    /// Rows in memory per row of a band: some rows of the band before are still needed.
    const ROWS: f64 = 1.25;
    /// Rows of the picture that keep the threads of a processor busy: with more, 12 megapixels take no less time, and 2.0 GiB instead of
    /// 1.4. Not by the number of threads, of which results are independent.
    const MOST_ON_OWN_THREADS: usize = 64;
    let target = graph.nodes[pass.target].height() as f64;
    let of_picture = |rows: usize| rows as f64 * target / graph.nodes[0].height() as f64;
    let rows = if let Some(rows) = limits.rows {
        of_picture(rows)
    } else {
        let fused = graph.fused();
        let exist = pass.computed.iter().chain(&pass.read);
        let exist = exist.filter(|&&node| !fused[node]);
        let values: usize = exist.map(|&node| graph.nodes[node].values()).sum();
        // The input of a layer is assembled in a buffer of its own.
        let input_values = pass.computed.iter().map(|&node| {
            let inputs = graph.nodes[node].inputs.iter();
            inputs.map(|&input| graph.nodes[input].values()).sum()
        });
        let values = ROWS * values as f64 + input_values.max().unwrap_or(0_usize) as f64;
        let most = limits.working as f64 / (size_of::<f32>() as f64 * values / target);
        if computes_on_own_threads(device) {
            most.min(of_picture(MOST_ON_OWN_THREADS))
        } else {
            most
        }
    };
    (rows as usize).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{InitKind, Mode, Recipe};
    use crate::nn::forward_mode::NormStats;
    use crate::nn::weight_init::WeightInit;

    #[test]
    fn bands_have_as_many_rows_as_keep_threads_busy() {
        let device = Device::flex();
        let mut init = WeightInit::new(InitKind::Normal, 0.02, 0, 0, &device);
        let recipe = Recipe::defaults(Mode::Cycle).generator;
        let generator = Generator::new(&mut init, &recipe, 3, 3);
        let mode = ForwardMode::inference(NormStats::Batch, false);
        let graph = Graph::new(&generator, [3, 1024, 64], mode);
        let rows_of_picture = |rows: Option<usize>, working: u64| -> Vec<usize> {
            let limits = BandLimits {
                rows,
                working,
                kept: 0,
                folder: PathBuf::new(),
            };
            let plan = Plan::new(&graph, IN_FILE);
            let passes = plan.passes.iter();
            let rows = passes.map(|pass| {
                let scale = 1024 / graph.nodes[pass.target].height();
                scale * band_rows(&graph, pass, &limits, &device)
            });
            rows.collect()
        };
        assert!(
            rows_of_picture(None, 1 << 40)
                .iter()
                .all(|&rows| rows == 64)
        );
        assert!(
            rows_of_picture(Some(256), 1 << 40)
                .iter()
                .all(|&rows| rows == 256)
        );
        // Little memory makes them smaller.
        assert!(rows_of_picture(None, 1 << 16).iter().all(|&rows| rows < 64));
    }
}
