//! The discriminator of DCGAN.

use burn::module::Module;
use burn::tensor::Tensor;
use burn::tensor::activation::log_softmax;

use super::halvings::{Halvings, INNERMOST, levels, width};
use crate::config::{Condition, Recipe};
use crate::nn::{
    Convolution, Critic, DiscriminatorLayer, ForwardMode, MinibatchLayers, Network, Padding,
    ReferenceBatch, WeightInit, discriminator_logits, full_precision, input_gradient,
    input_gradient_before,
};

/// Strided convolutions down to 4 x 4, then one logit for the whole picture.
///
/// With classes its input has a channel for each before those of the picture, 1 all over in that of the picture's class and 0 in the
/// others. They are part of what the convolutions see (Mirza and Osindero, "Conditional Generative Adversarial Nets", 2014), or the
/// logit gets the inner product of an embedding of the class and the sums of the last features over all places (Miyato and Koyama,
/// "cGANs with Projection Discriminator", 2018), or the network is told none and tells the class itself (Odena, Olah and Shlens,
/// "Conditional Image Synthesis with Auxiliary Classifier GANs", 2017). The rest as Radford, Metz and Chintala, 2016.
#[derive(Module, Debug)]
pub struct DcganDiscriminator {
    halvings: Halvings,
    /// Before the logit.
    minibatch: MinibatchLayers,
    logit: Convolution,
    /// From classes to the channels of the last features, where it is a projection discriminator.
    embedding: Option<Convolution>,
    /// From the last features to a logit for each class, where it tells the class.
    classifier: Option<Convolution>,
    #[module(skip)]
    classes: usize,
    /// Whether the convolutions see the classes.
    #[module(skip)]
    sees_classes: bool,
}

impl DcganDiscriminator {
    /// The discriminator of `recipe`.
    pub fn new(init: &mut WeightInit, recipe: &Recipe) -> Self {
        let discriminator = &recipe.discriminator;
        init.set_norm(discriminator.norm);
        let (side, classes) = (recipe.data.crop_size, recipe.class_count());
        let condition = recipe.generator.condition;
        let sees_classes = condition == Condition::Concat;
        let seen = recipe.data.output_channels + if sees_classes { classes } else { 0 };
        let channels = [seen, discriminator.channels];
        let halvings = Halvings::new(init, discriminator.norm, channels, side);
        let last = width(discriminator.channels, levels(side) - 1);
        let added = MinibatchLayers::added_channels(discriminator);
        let bias = discriminator.norm.uses_bias();
        let whole = [last + added, 1];
        let logit = Convolution::new(init, whole, INNERMOST, 1, Padding::Zero(0), bias);
        let embedding = (condition == Condition::Projection)
            .then(|| Convolution::new(init, [classes, last], 1, 1, Padding::Zero(0), false));
        let classifier = (condition == Condition::Auxiliary).then(|| {
            let whole = [last, classes];
            Convolution::new(init, whole, INNERMOST, 1, Padding::Zero(0), bias)
        });
        Self {
            halvings,
            minibatch: MinibatchLayers::new(init, discriminator, last),
            logit,
            embedding,
            classifier,
            classes,
            sees_classes,
        }
    }

    /// Maps `[batch, classes + channels, side, side]` to logits, `[batch, 1, 1, 1]`.
    pub fn forward(&self, input: Tensor<4>, mode: ForwardMode) -> Tensor<4> {
        let mut features = self.halvings.features(self.seen(&input), mode);
        let last = features.pop().expect("the features end with the last ones");
        self.judge(last, &input, mode)
    }

    /// The cross entropy, `[1]`, of the classes that the network finds in the last features, which are the last but one of
    /// [`features`](Critic::features), and `classes`, `[batch, classes, 1, 1]`. None where it does not tell the class.
    pub fn class_loss(
        &self,
        last: &Tensor<4>,
        classes: &Tensor<4>,
        mode: ForwardMode,
    ) -> Option<Tensor<1>> {
        let logits = self.classifier.as_ref()?.forward(last.clone(), mode);
        let likely = log_softmax(full_precision(logits), 1);
        let count = likely.dims()[0] as f64;
        Some(-(likely * classes.clone()).sum() / count)
    }

    /// The part of the input that the convolutions see.
    fn seen(&self, input: &Tensor<4>) -> Tensor<4> {
        let all = input.dims()[1];
        if self.sees_classes {
            return input.clone();
        }
        input.clone().narrow(1, self.classes, all - self.classes)
    }

    /// The logits of the last features of an input.
    fn judge(&self, last: Tensor<4>, input: &Tensor<4>, mode: ForwardMode) -> Tensor<4> {
        let reference = ReferenceBatch::default();
        let logits = discriminator_logits(&self.head(), last.clone(), mode, &reference);
        match self.embedded(input, mode) {
            Some(embedded) => logits + (last * embedded).sum_dim(3).sum_dim(2).sum_dim(1),
            None => logits,
        }
    }

    /// The embedding of the classes of an input, `[batch, channels, 1, 1]`.
    fn embedded(&self, input: &Tensor<4>, mode: ForwardMode) -> Option<Tensor<4>> {
        let embedding = self.embedding.as_ref()?;
        let classes = input.clone().narrow(1, 0, self.classes);
        let classes = classes.narrow(2, 0, 1).narrow(3, 0, 1);
        Some(full_precision(embedding.forward(classes, mode)))
    }

    /// The layers behind the last features.
    fn head(&self) -> Vec<DiscriminatorLayer<'_>> {
        let logit = DiscriminatorLayer::Convolution(&self.logit);
        self.minibatch.layers().chain([logit]).collect()
    }
}

impl Critic for DcganDiscriminator {
    fn features(&self, input: Tensor<4>, mode: ForwardMode) -> Vec<Vec<Tensor<4>>> {
        let mut features = self.halvings.features(self.seen(&input), mode);
        // The last ones stand there twice: as those of the last activation, and as the end.
        let last = features.pop().expect("the features end with the last ones");
        features.push(self.judge(last, &input, mode));
        vec![features]
    }

    /// That with respect to the picture; the class has none.
    fn input_gradient(&self, input: Tensor<4>, mode: ForwardMode) -> Tensor<4> {
        let (trunk, seen) = (self.halvings.layers(), self.seen(&input));
        let reference = ReferenceBatch::default();
        let gradient = input_gradient_before(&trunk, seen, mode, &reference, |last| {
            let gradient = input_gradient(&self.head(), last, mode, &reference);
            match self.embedded(&input, mode) {
                Some(embedded) => gradient + embedded,
                None => gradient,
            }
        });
        if self.classes == 0 {
            return gradient;
        }
        let [batch, all, height, width] = input.dims();
        let before = gradient.dims()[1] + self.classes - all;
        let of_picture = gradient.narrow(1, before, all - self.classes);
        let none = [batch, self.classes, height, width];
        let none = Tensor::zeros(none, &of_picture.device().inner());
        Tensor::cat(vec![none, of_picture], 1)
    }
}

impl Network for DcganDiscriminator {
    fn layer_name(&self, path: &str) -> String {
        match path.split_once('.') {
            Some(("halvings", path)) => format!("main.{}", Halvings::index(path)),
            _ if path.starts_with("embedding") => "embedding".to_owned(),
            _ if path.starts_with("classifier") => "classifier".to_owned(),
            _ if path.starts_with(MinibatchLayers::NAME) => MinibatchLayers::NAME.to_owned(),
            _ => format!("main.{}", self.halvings.next_index()),
        }
    }
}
