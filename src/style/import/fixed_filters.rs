//! The fixed filters that stand beside the weights of networks which change the size by them.

use super::architecture::Architecture;
use crate::nn::{NamedTensors, TensorError};
use crate::style::filters::{discriminator_filters, generator_filters};

/// How far a number of a filter may be off: 8-bit numbers round 9/16 by a sixteenth.
const ROUNDING: f32 = 0.07;

/// Takes the filters of the network out of `tensors`: it computes them itself.
///
/// # Errors
/// A filter has other numbers, so that the network computes something else.
pub(super) fn take_filters(
    tensors: &mut NamedTensors,
    architecture: &Architecture,
) -> Result<(), TensorError> {
    let filters = match architecture {
        Architecture::Generator { recipe, .. } => generator_filters(recipe, tensors),
        Architecture::Discriminator { recipe, .. } => discriminator_filters(recipe, tensors),
        Architecture::Encoder { .. } => NamedTensors::default(),
    };
    let mut problems = Vec::new();
    for (name, wanted) in filters.0 {
        let Some(found) = tensors.0.remove(&name) else {
            continue;
        };
        let pairs = || found.iter::<f32>().zip(wanted.iter::<f32>());
        if found.shape() != wanted.shape() {
            let (found, wanted) = (found.shape().as_slice(), wanted.shape().as_slice());
            problems.push(format!(
                "the filter `{name}` is {found:?}, where CUT has {wanted:?}"
            ));
        } else if !pairs().all(|(found, wanted)| (found - wanted).abs() <= ROUNDING) {
            problems.push(format!("the filter `{name}` has other numbers than CUT's"));
        }
    }
    if problems.is_empty() {
        Ok(())
    } else {
        Err(TensorError::Mismatch { problems })
    }
}
