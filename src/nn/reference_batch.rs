//! The fixed batch whose statistics reference and virtual batch normalisation use.

use burn::tensor::Tensor;

use super::forward_mode::{ForwardMode, NormStats};
use super::norm::Norm;
use super::norm_trace::NormTrace;
use crate::kernels::ChannelStatistics;

/// Pictures that are chosen once, at the start of a training: what is normalised does not depend on the other pictures of its
/// batch, but on these. A network in training takes them through its layers before each pass of its own; one in use
/// has no such batch, and its norms keep the statistics that it had last.
///
/// Salimans et al., "Improved Techniques for Training GANs", 2016, section 3.4.
#[derive(Debug, Clone, Default)]
pub struct ReferenceBatch(Option<Tensor<4>>);

/// The statistics of the reference batch before each norm of a network, in the order of its layers.
#[derive(Debug)]
pub(super) enum ReferenceStatistics {
    /// There is no such batch.
    Absent,
    /// This is the pass of the batch itself: what its norms have found so far.
    Own {
        found: Vec<ChannelStatistics>,
        /// Whether the norms keep it.
        keeps: bool,
    },
    /// Those that are left for the norms to come.
    Known(std::vec::IntoIter<ChannelStatistics>),
}

impl ReferenceBatch {
    /// Pictures `[batch, channels, height, width]`, without automatic differentiation.
    pub fn new(pictures: Tensor<4>) -> Self {
        Self(Some(pictures))
    }

    /// Whether there is none.
    pub(super) fn is_absent(&self) -> bool {
        self.0.is_none()
    }

    /// How the batch itself goes through a network in a pass of `mode`.
    pub(super) fn own_mode(mode: ForwardMode) -> ForwardMode {
        ForwardMode {
            update_running: false,
            ..mode
        }
    }

    /// The statistics of the batch, if there is one. `pass` takes it through the layers of the network.
    pub(super) fn statistics(
        &self,
        pass: impl FnOnce(Tensor<4>, ReferenceStatistics) -> ReferenceStatistics,
    ) -> ReferenceStatistics {
        let Some(batch) = &self.0 else {
            return ReferenceStatistics::Absent;
        };
        let own = ReferenceStatistics::Own {
            found: Vec::new(),
            keeps: false,
        };
        match pass(batch.clone(), own) {
            ReferenceStatistics::Own { found, .. } => ReferenceStatistics::Known(found.into_iter()),
            other => other,
        }
    }

    /// Takes the batch, if there is one, by `pass` through a network whose norms keep its statistics, for passes without it.
    pub(super) fn settle(&self, pass: impl FnOnce(Tensor<4>, ReferenceStatistics, ForwardMode)) {
        if let Some(batch) = &self.0 {
            let own = ReferenceStatistics::Own {
                found: Vec::new(),
                keeps: true,
            };
            let mode = ForwardMode::inference(NormStats::Batch, false);
            pass(batch.clone(), own, mode);
        }
    }
}

impl ReferenceStatistics {
    /// Normalises the input of the next norm, `[batch, channels, height, width]`.
    pub(super) fn forward(
        &mut self,
        norm: &Norm,
        input: Tensor<4>,
        mode: ForwardMode,
    ) -> Tensor<4> {
        if !norm.has_reference() {
            return norm.forward(input, mode);
        }
        match self {
            Self::Absent => norm.forward(input, mode),
            Self::Own { found, keeps } => {
                let (output, statistics) = norm.forward_reference(input, *keeps);
                found.push(statistics);
                output
            }
            Self::Known(left) => norm.forward_by(input, next(left)),
        }
    }

    /// As [`Norm::traced`].
    pub(super) fn traced(
        &mut self,
        norm: &Norm,
        input: Tensor<4>,
    ) -> (Tensor<4>, Option<NormTrace>) {
        match self {
            Self::Known(left) if norm.has_reference() => norm.traced_by(input, next(left)),
            _ => norm.traced(input),
        }
    }
}

fn next(left: &mut std::vec::IntoIter<ChannelStatistics>) -> ChannelStatistics {
    left.next()
        .expect("the reference batch goes through all norms of the network")
}
