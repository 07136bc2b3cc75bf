//! Names and shapes of tensors, which tell what network they belong to.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::architecture::Hints;
use crate::config::NormKind;

/// Why tensors are not recognized.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Unrecognized {
    /// They are not those of a known network.
    Unknown,
    /// A known network that cannot be imported, and why.
    Unsupported(String),
    /// The question that must be answered, with the flag that does.
    Ambiguous(String),
}

/// Shapes by name.
pub(super) struct Shapes<'a>(pub(super) BTreeMap<Cow<'a, str>, &'a [usize]>);

impl Shapes<'_> {
    /// Numbers in all tensors.
    pub(super) fn count(&self) -> usize {
        let counts = self.0.values().map(|shape| {
            let sizes = shape.iter();
            sizes.fold(1usize, |count, size| count.saturating_mul(*size))
        });
        counts.fold(0, usize::saturating_add)
    }

    /// Whether this is a running statistic of a norm, which follows right after a convolution.
    pub(super) fn is_statistic(&self, name: &str) -> bool {
        let leaf = [".running_mean", ".running_var"];
        let Some(layer) = leaf.iter().find_map(|leaf| name.strip_suffix(leaf)) else {
            return false;
        };
        let Some((group, index)) = layer.rsplit_once('.') else {
            return false;
        };
        let before = index
            .parse::<usize>()
            .ok()
            .and_then(|index| index.checked_sub(1));
        before.is_some_and(|before| self.kernel(&format!("{group}.{before}")).is_some())
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// Shape of the weight of the convolution `layer`.
    pub(super) fn kernel(&self, layer: &str) -> Option<[usize; 4]> {
        let shape = self.0.get(format!("{layer}.weight").as_str())?;
        (*shape).try_into().ok()
    }

    /// Normalisation of a network, from one of its norms and the convolution before it.
    pub(super) fn norm(
        &self,
        norm: &str,
        convolution: &str,
        hints: Hints,
    ) -> Result<NormKind, Unrecognized> {
        let has = |layer: &str, leaf: &str| self.has(&format!("{layer}.{leaf}"));
        let bias = has(convolution, "bias");
        let scale = has(norm, "weight");
        let running = has(norm, "running_mean");
        Ok(match (scale, bias, running) {
            (false, true, _) => NormKind::Instance,
            (false, false, _) => NormKind::None,
            (true, false, true) => NormKind::Batch,
            (true, false, false) if self.0.keys().any(|name| name.ends_with(".running_mean")) => {
                NormKind::Batch
            }
            (true, false, false) => {
                return Err(Unrecognized::Unsupported(
                    "its norms have scale and shift but no running statistics, and its convolutions no biases: batch normalisation is \
                     supported with its running statistics, instance normalisation with biases in the convolutions"
                        .to_owned(),
                ));
            }
            (true, true, false) => NormKind::InstanceAffine,
            (true, true, true) => match hints.norm {
                Some(NormKind::InstanceAffine) => NormKind::InstanceAffine,
                // The biases move into the running means.
                Some(NormKind::Batch) => NormKind::Batch,
                _ => {
                    return Err(Unrecognized::Ambiguous(
                        "its norms have scale, shift and running statistics, and its convolutions biases: say `--norm instance_affine` if it was \
                         trained with instance normalisation (the running statistics are left out), or `--norm batch`"
                            .to_owned(),
                    ));
                }
            },
        })
    }
}

/// The largest index in names that consist of `before`, the index, a dot, and something that begins with `after`.
pub(super) fn last_index(shapes: &Shapes<'_>, before: &str, after: &str) -> Option<usize> {
    let numbers = shapes.0.keys().filter_map(|name| {
        let (number, rest) = name.strip_prefix(before)?.split_once('.')?;
        let goes_on = rest.starts_with(after);
        goes_on.then(|| number.parse().ok()).flatten()
    });
    numbers.max()
}
