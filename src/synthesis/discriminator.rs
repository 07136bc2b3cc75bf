//! The discriminators that recipes of mode generate offer.

use burn::module::Module;
use burn::tensor::Tensor;
use burn::tensor::activation::log_softmax;

use super::growth::Growth;
use super::judging_layer::JudgingLayer;
use super::latent_codes::LatentCodes;
use super::trunk::Trunk;
use crate::config::{Condition, Recipe};
use crate::nn::{
    Critic, DiscriminatorLayer, ForwardMode, MinibatchLayers, Network, Trace, WeightInit,
    discriminator_part, full_precision,
};

/// A trunk of the architecture that a recipe names, then one logit for the whole picture.
///
/// With classes its input has a channel for each before those of the picture, 1 all over in that of the picture's class and 0 in the
/// others. They are part of what the trunk sees (Mirza and Osindero, "Conditional Generative Adversarial Nets", 2014), or the
/// logit gets the inner product of an embedding of the class and the sums of the last features over all places (Miyato and Koyama,
/// "cGANs with Projection Discriminator", 2018), or the network is told none and tells the class itself (Odena, Olah and Shlens,
/// "Conditional Image Synthesis with Auxiliary Classifier GANs", 2017).
#[derive(Module, Debug)]
pub struct SynthesisDiscriminator {
    trunk: Trunk,
    /// Before the logit, unless the trunk has them.
    minibatch: Option<MinibatchLayers>,
    logit: JudgingLayer,
    /// From classes to the channels of the last features, where it is a projection discriminator.
    embedding: Option<JudgingLayer>,
    /// From the last features to a logit for each class, where it tells the class.
    classifier: Option<JudgingLayer>,
    /// From the last features to what it takes the latent codes of the picture to be, where generators are told some.
    recognition: Option<JudgingLayer>,
    #[module(skip)]
    codes: LatentCodes,
    #[module(skip)]
    classes: usize,
    /// Whether the trunk sees the classes.
    #[module(skip)]
    sees_classes: bool,
}

impl SynthesisDiscriminator {
    /// The discriminator of `recipe`.
    pub fn new(init: &mut WeightInit, recipe: &Recipe) -> Self {
        let discriminator = &recipe.discriminator;
        init.set_norm(discriminator.norm);
        let (condition, classes) = (recipe.generator.condition, recipe.class_count());
        let sees_classes = condition == Condition::Concat;
        let seen = recipe.data.output_channels + if sees_classes { classes } else { 0 };
        let (trunk, last) = Trunk::new(init, recipe, seen);
        let added = if last.sees_batch {
            0
        } else {
            MinibatchLayers::added_channels(discriminator)
        };
        // That of DCGAN has biases as its other layers have.
        let bias = discriminator.norm.uses_bias() || !matches!(trunk, Trunk::Dcgan(_));
        let layer = |init: &mut WeightInit, channels, side, bias| {
            JudgingLayer::new(init, channels, side, bias, last.is_equalised)
        };
        let logit = layer(init, [last.channels + added, 1], last.side, bias);
        let embedding = (condition == Condition::Projection)
            .then(|| layer(init, [classes, last.channels], 1, false));
        let classifier = (condition == Condition::Auxiliary)
            .then(|| layer(init, [last.channels, classes], last.side, bias));
        let codes = LatentCodes::new(recipe);
        let recognised = [last.channels, codes.recognised_count()];
        let recognition = (codes.count() > 0).then(|| layer(init, recognised, last.side, bias));
        let minibatch =
            (!last.sees_batch).then(|| MinibatchLayers::new(init, discriminator, last.channels));
        Self {
            trunk,
            minibatch,
            logit,
            embedding,
            classifier,
            recognition,
            codes,
            classes,
            sees_classes,
        }
    }

    /// Maps `[batch, classes + channels, side, side]` to logits, `[batch, 1, 1, 1]`.
    pub fn forward(&self, input: Tensor<4>, mode: ForwardMode) -> Tensor<4> {
        let mut features = self.trunk.features(self.seen(&input), mode);
        let last = features.pop().expect("the features end with the last ones");
        self.judge(last, &input, mode)
    }

    /// Sets how far the network has grown, where it grows.
    pub fn set_growth(&mut self, growth: Growth) {
        self.trunk.set_growth(growth);
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

    /// The loss of what the network takes the latent codes of pictures with these
    /// [`features`](Critic::features) to be. None where there are no codes.
    pub fn code_loss(
        &self,
        features: &[Tensor<4>],
        codes: Option<&Tensor<4>>,
        mode: ForwardMode,
    ) -> Option<Tensor<1>> {
        let ([.., last, _], Some(recognition)) = (features, &self.recognition) else {
            return None;
        };
        let recognised = recognition.forward(last.clone(), mode);
        Some(self.codes.loss(recognised, codes?))
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
        let logits = discriminator_part(&self.head(), last.clone(), mode);
        let logits = full_precision(logits);
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
        let minibatch = self.minibatch.iter().flat_map(MinibatchLayers::layers);
        minibatch.chain([self.logit.layer()]).collect()
    }
}

impl Critic for SynthesisDiscriminator {
    fn features(&self, input: Tensor<4>, mode: ForwardMode) -> Vec<Vec<Tensor<4>>> {
        let mut features = self.trunk.features(self.seen(&input), mode);
        let last = features
            .last()
            .expect("the features end with the last ones");
        features.push(self.judge(last.clone(), &input, mode));
        vec![features]
    }

    /// That with respect to the picture; the class has none.
    fn input_gradient(&self, input: Tensor<4>, mode: ForwardMode) -> Tensor<4> {
        let trunk = self.trunk.traced(self.seen(&input), mode);
        let head = Trace::new(trunk.output()).through(&self.head(), mode);
        let logits = head.output();
        let ones = Tensor::ones(logits.dims(), &logits.device().inner());
        let of_last = head.input_gradient(ones);
        let of_last = match self.embedded(&input, mode) {
            Some(embedded) => of_last + embedded,
            None => of_last,
        };
        let gradient = trunk.input_gradient(of_last);
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

impl Network for SynthesisDiscriminator {
    fn layer_name(&self, path: &str) -> String {
        match path.split_once('.') {
            _ if path.split('.').any(|part| part == MinibatchLayers::NAME) => {
                MinibatchLayers::NAME.to_owned()
            }
            Some(("trunk", path)) => self.trunk.layer_name(path),
            Some((layer @ ("embedding" | "classifier" | "recognition"), _)) => layer.to_owned(),
            _ => self.trunk.logit_name(),
        }
    }
}
