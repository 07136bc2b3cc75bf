//! Normalisations as ONNX operators.

use super::attribute::float_attr;
use super::layers::{Features, Layers};
use crate::config::NormKind;
use crate::nn::{NORM_EPSILON, NormStats, TensorError};
use crate::style::file_precision::FilePrecision;

impl Layers {
    /// [`Norm`](crate::nn::Norm), in 32 bits: sums over all pixels of a large picture, and variances near zero, are beyond
    /// the range of 16.
    pub(crate) fn norm(&mut self, input: Features, layer: &str) -> Result<Features, TensorError> {
        // Spectral normalisation is part of the weights.
        if !self.norm.normalises_features() {
            return Ok(input);
        }
        let input = self.full_precision(input);
        let (operator, tensors) = match (self.norm, self.norm_stats) {
            (NormKind::Batch, NormStats::Running) | (NormKind::ReferenceBatch, _) => {
                // Where the class decides scale and shift, the layer has none of its own.
                let own = if self.graph.has_weight(&format!("{layer}.weight")) {
                    self.norm_weights(layer, &["weight", "bias"])?
                } else {
                    self.identity_weights(input.channels)
                };
                let averages = self.norm_weights(layer, &["running_mean", "running_var"])?;
                ("BatchNormalization", [own, averages].concat())
            }
            // Statistics of each picture alone are those of a batch of one, which is how pictures are translated here.
            // The operator for statistics of a batch is one for training, which programs that only use models leave out.
            (NormKind::Batch, NormStats::Batch) => {
                for average in ["running_mean", "running_var"] {
                    self.graph.leave_out(&format!("{layer}.{average}"));
                }
                let names = ["weight", "bias"];
                ("InstanceNormalization", self.norm_weights(layer, &names)?)
            }
            (NormKind::InstanceAffine, _) => {
                let names = ["weight", "bias"];
                ("InstanceNormalization", self.norm_weights(layer, &names)?)
            }
            // Virtual batch normalisation is refused before.
            (
                NormKind::Instance | NormKind::VirtualBatch | NormKind::Spectral | NormKind::None,
                _,
            ) => (
                "InstanceNormalization",
                self.identity_weights(input.channels),
            ),
        };
        let inputs = [vec![input.name], tensors].concat();
        let attributes = vec![float_attr("epsilon", NORM_EPSILON)];
        let normalised = Features {
            name: self.graph.node(operator, &inputs, attributes),
            channels: input.channels,
        };
        Ok(self.layer_precision(normalised))
    }

    fn norm_weights(&mut self, layer: &str, names: &[&str]) -> Result<Vec<String>, TensorError> {
        let names = names.iter().map(|name| format!("{layer}.{name}"));
        names
            .map(|name| {
                self.graph.weight(&name, FilePrecision::F32)?;
                Ok(name)
            })
            .collect()
    }

    /// A scale of one and a shift of zero.
    fn identity_weights(&mut self, channels: usize) -> Vec<String> {
        [("ones", 1.0), ("zeros", 0.0)]
            .map(|(name, value)| {
                let values = vec![value; channels];
                self.graph
                    .float_tensor(&format!("{name}.{channels}"), [channels], values)
            })
            .to_vec()
    }
}
