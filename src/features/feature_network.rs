//! The networks whose weights users bring.

use super::inception::Inception;

/// A network whose weights users bring.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum FeatureNetwork {
    /// Inception v3 of TensorFlow's graph of 2015.
    Inception,
    /// AlexNet of torchvision.
    AlexNet,
    /// VGG16 of torchvision.
    Vgg16,
}

impl FeatureNetwork {
    /// Its name, for messages.
    pub fn name(self) -> &'static str {
        match self {
            Self::Inception => "Inception",
            Self::AlexNet => "AlexNet",
            Self::Vgg16 => "VGG16",
        }
    }

    /// The names that files of its weights usually have.
    pub fn usual_files(self) -> &'static [&'static str] {
        match self {
            Self::Inception => &[
                "pt_inception-2015-12-05-6726825d.pth",
                "weights-inception-2015-12-05-6726825d.pth",
            ],
            Self::AlexNet => &["alexnet-owt-7be5be79.pth"],
            Self::Vgg16 => &["vgg16-397923af.pth"],
        }
    }

    /// What is known of the usual file: its name, who publishes it, size and checksum as far as they are certain.
    pub fn usual_file(self) -> &'static str {
        match self {
            Self::Inception => {
                "pytorch-fid publishes them as `pt_inception-2015-12-05-6726825d.pth`, torch-fidelity as `weights-inception-2015-12-05-6726825d.pth` (91 MiB, the SHA-256 begins with 6726825d)"
            }
            Self::AlexNet => {
                "torchvision publishes them as `alexnet-owt-7be5be79.pth` (233 MiB, its SHA-256 begins with 7be5be79)"
            }
            Self::Vgg16 => {
                "torchvision publishes them as `vgg16-397923af.pth` (553433881 bytes, its SHA-256 begins with 397923af)"
            }
        }
    }

    /// The network whose weights tensors of these names and shapes are.
    pub fn recognise<'a>(
        shapes: impl Iterator<Item = (&'a str, &'a [usize])> + Clone,
    ) -> Option<Self> {
        if Inception::knows(shapes.clone().map(|(name, _)| name)) {
            return Some(Self::Inception);
        }
        // AlexNet begins with a kernel of 11 x 11. The thirteenth convolution of VGG16 lies at 28, as one of VGG19's; the
        // latter has more.
        let mut first = None;
        let (mut last_of_16, mut more) = (false, false);
        for (name, shape) in shapes {
            let is_layer = |index: usize| is_layer_weight(name, index);
            if is_layer(0) {
                first = shape.get(2).copied();
            }
            last_of_16 |= is_layer(28);
            more |= is_layer(30) || is_layer(34);
        }
        match first {
            Some(11) => Some(Self::AlexNet),
            Some(3) if last_of_16 && !more => Some(Self::Vgg16),
            _ => None,
        }
    }
}

/// Whether a tensor is the weight of the convolution at `index` of torchvision's `features`: called so there, `net.sliceN.INDEX` in
/// the `lpips` package, `stageN.INDEX` in that of DISTS.
pub(super) fn is_layer_weight(name: &str, index: usize) -> bool {
    let Some(layer) = name.strip_suffix(&format!(".{index}.weight")) else {
        return false;
    };
    let part = layer.rsplit('.').next().unwrap_or_default();
    part == "features" || part.starts_with("slice") || part.starts_with("stage")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recognise(names: &[(&str, &[usize])]) -> Option<FeatureNetwork> {
        FeatureNetwork::recognise(names.iter().copied())
    }

    #[test]
    fn networks_are_known_by_their_tensors() {
        let three: &[usize] = &[64, 3, 3, 3];
        assert_eq!(
            recognise(&[("net.slice1.0.weight", &[64, 3, 11, 11])]),
            Some(FeatureNetwork::AlexNet)
        );
        for part in ["features", "net.slice5", "stage5"] {
            let last = format!("{part}.28.weight");
            let names = [("module.features.0.weight", three), (last.as_str(), three)];
            assert_eq!(recognise(&names), Some(FeatureNetwork::Vgg16));
            // VGG19 has more layers.
            let names = [names[0], names[1], ("features.34.weight", three)];
            assert_eq!(recognise(&names), None);
        }
        assert_eq!(
            recognise(&[("conv/conv2d_params", &[3, 3, 3, 32])]),
            Some(FeatureNetwork::Inception)
        );
        assert_eq!(recognise(&[("classifier.0.weight", three)]), None);
    }
}
