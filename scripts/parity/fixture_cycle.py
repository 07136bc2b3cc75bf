"""Five CycleGAN training steps (Zhu et al. 2017), batch 1, without image pools."""

from torch.nn import functional

from objectives import discriminator_fake, discriminator_real, generator_fake
from output import write_json, write_tensors
from patchgan import PatchDiscriminator
from pictures import to_bytes, training_data
from resnet import Resnet
from trainer import BETAS, EPSILON, LEARNING_RATE, STEPS, adam, report, require_gradient, run
from weights import randomise

SIZE = 32
BLOCKS = 6
GENERATOR_CHANNELS = 2
DISCRIMINATOR_CHANNELS = 4
DISCRIMINATOR_LAYERS = 2
LAMBDA_A = 10.0
LAMBDA_B = 10.0
IDENTITY = 0.5
# chosen so that no gradient is so small that rounding decides its sign, which Adam would turn into full-size updates
SEED = 680


def build():
    """Two generators and two discriminators; discriminator_a judges domain B."""

    def generator(seed):
        return randomise(Resnet(3, 3, BLOCKS, GENERATOR_CHANNELS, "instance"), seed)

    def discriminator(seed):
        return randomise(PatchDiscriminator(3, DISCRIMINATOR_CHANNELS, DISCRIMINATOR_LAYERS, "instance"), seed)

    return {
        "generator_a2b": generator(SEED),
        "generator_b2a": generator(SEED + 1),
        "discriminator_a": discriminator(SEED + 2),
        "discriminator_b": discriminator(SEED + 3),
    }


def trainer(networks):
    """A step function: both generators first, then both discriminators on the same fakes."""
    a2b, b2a = networks["generator_a2b"], networks["generator_b2a"]
    judge_b, judge_a = networks["discriminator_a"], networks["discriminator_b"]
    optimiser_g, optimiser_d = adam(a2b, b2a), adam(judge_b, judge_a)

    def judge(discriminator, real, fake):
        on_real = discriminator_real("lsgan", discriminator(real))
        on_fake = discriminator_fake("lsgan", discriminator(fake.detach()))
        loss = 0.5 * (on_real + on_fake)
        loss.backward()
        return loss.item()

    def step(real_a, real_b):
        fake_b = a2b(real_a)
        rebuilt_a = b2a(fake_b)
        fake_a = b2a(real_b)
        rebuilt_b = a2b(fake_a)

        require_gradient(False, judge_a, judge_b)
        optimiser_g.zero_grad()
        losses = {
            "idt_A": functional.l1_loss(a2b(real_b), real_b) * LAMBDA_B * IDENTITY,
            "idt_B": functional.l1_loss(b2a(real_a), real_a) * LAMBDA_A * IDENTITY,
            "G_A": generator_fake("lsgan", judge_b(fake_b)),
            "G_B": generator_fake("lsgan", judge_a(fake_a)),
            "cycle_A": functional.l1_loss(rebuilt_a, real_a) * LAMBDA_A,
            "cycle_B": functional.l1_loss(rebuilt_b, real_b) * LAMBDA_B,
        }
        sum(losses.values()).backward()
        optimiser_g.step()

        require_gradient(True, judge_a, judge_b)
        optimiser_d.zero_grad()
        values = {name: loss.item() for name, loss in losses.items()}
        values["D_A"] = judge(judge_b, real_b, fake_b)
        values["D_B"] = judge(judge_a, real_a, fake_a)
        optimiser_d.step()
        order = ["D_A", "G_A", "cycle_A", "idt_A", "D_B", "G_B", "cycle_B", "idt_B"]
        return {name: values[name] for name in order}

    return step


def make(folder):
    """One run."""
    data = (training_data(SEED + 4, STEPS, SIZE), training_data(SEED + 5, STEPS, SIZE))
    tensors, content = run(build, trainer, data)
    config = {
        "generator": {"blocks": BLOCKS, "channels": GENERATOR_CHANNELS, "norm": "instance", "dropout": False},
        "discriminator": {"layers": DISCRIMINATOR_LAYERS, "channels": DISCRIMINATOR_CHANNELS, "norm": "instance"},
        "input_channels": 3,
        "output_channels": 3,
        "size": SIZE,
        "gan": "lsgan",
        "cycle_a": LAMBDA_A,
        "cycle_b": LAMBDA_B,
        "identity": IDENTITY,
        "pool_size": 0,
        "lr": LEARNING_RATE,
        "beta1": BETAS[0],
        "beta2": BETAS[1],
        "epsilon": EPSILON,
    }
    write_tensors(folder, "training_cycle", tensors | {"input_a": to_bytes(data[0]), "input_b": to_bytes(data[1])})
    write_json(folder, "training_cycle", {"config": config} | content)
    report("training_cycle", content)
