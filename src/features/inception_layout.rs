//! The layers of Inception v3 as TensorFlow published it in 2015 (Szegedy et al., "Rethinking the Inception architecture for
//! computer vision", 2016), by their names in PyTorch and in TensorFlow's graph.

use super::unit::UnitShape;

/// A convolution with batch normalisation and ReLU.
#[derive(Debug, Clone, Copy)]
pub(super) struct LayerLayout {
    /// Name in the PyTorch state dict, below that of its block.
    pub(super) name: &'static str,
    /// Name in TensorFlow's graph, below that of its block.
    pub(super) tensorflow: &'static str,
    pub(super) shape: UnitShape,
}

/// What comes before the convolutions of a branch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pool {
    None,
    /// 3 x 3 means at stride 1, of the pixels inside alone.
    Average,
    /// 3 x 3 maxima at stride 1.
    Max,
    /// 3 x 3 maxima at stride 2.
    MaxHalf,
}

/// A path through a block: pooling, then convolutions in turn, then those whose outputs are put side by side.
#[derive(Debug, Clone, Copy)]
pub(super) struct BranchLayout {
    pub(super) pool: Pool,
    pub(super) layers: &'static [LayerLayout],
    pub(super) split: &'static [LayerLayout],
}

/// Branches whose outputs are put side by side.
#[derive(Debug, Clone, Copy)]
pub(super) struct BlockLayout {
    /// Name in the PyTorch state dict.
    pub(super) name: &'static str,
    /// Name in TensorFlow's graph.
    pub(super) tensorflow: &'static str,
    pub(super) branches: &'static [BranchLayout],
}

const ONE: UnitShape = UnitShape::square(1, 1, 0);
const THREE: UnitShape = UnitShape::square(3, 1, 1);
const THREE_INSIDE: UnitShape = UnitShape::square(3, 1, 0);
const THREE_HALF: UnitShape = UnitShape::square(3, 2, 0);
const FIVE: UnitShape = UnitShape::square(5, 1, 2);

/// A kernel of one row.
const fn row(width: usize) -> UnitShape {
    UnitShape {
        kernel: [1, width],
        stride: 1,
        padding: [0, width / 2],
    }
}

/// A kernel of one column.
const fn column(height: usize) -> UnitShape {
    UnitShape {
        kernel: [height, 1],
        stride: 1,
        padding: [height / 2, 0],
    }
}

const fn layer(name: &'static str, tensorflow: &'static str, shape: UnitShape) -> LayerLayout {
    LayerLayout {
        name,
        tensorflow,
        shape,
    }
}

const fn plain(layers: &'static [LayerLayout]) -> BranchLayout {
    BranchLayout {
        pool: Pool::None,
        layers,
        split: &[],
    }
}

const AVERAGE: BranchLayout = BranchLayout {
    pool: Pool::Average,
    layers: &[layer("branch_pool", "tower_2/conv", ONE)],
    split: &[],
};

const MAX: BranchLayout = BranchLayout {
    pool: Pool::Max,
    ..AVERAGE
};

const HALVED: BranchLayout = BranchLayout {
    pool: Pool::MaxHalf,
    layers: &[],
    split: &[],
};

const DIRECT: BranchLayout = plain(&[layer("branch1x1", "conv", ONE)]);

/// Layers before the first pooling.
pub(super) const FIRST: &[LayerLayout] = &[
    layer("Conv2d_1a_3x3", "conv", THREE_HALF),
    layer("Conv2d_2a_3x3", "conv_1", THREE_INSIDE),
    layer("Conv2d_2b_3x3", "conv_2", THREE),
];

/// Layers before the second pooling.
pub(super) const SECOND: &[LayerLayout] = &[
    layer("Conv2d_3b_1x1", "conv_3", ONE),
    layer("Conv2d_4a_3x3", "conv_4", THREE_INSIDE),
];

const A: &[BranchLayout] = &[
    DIRECT,
    plain(&[
        layer("branch5x5_1", "tower/conv", ONE),
        layer("branch5x5_2", "tower/conv_1", FIVE),
    ]),
    plain(&[
        layer("branch3x3dbl_1", "tower_1/conv", ONE),
        layer("branch3x3dbl_2", "tower_1/conv_1", THREE),
        layer("branch3x3dbl_3", "tower_1/conv_2", THREE),
    ]),
    AVERAGE,
];

const B: &[BranchLayout] = &[
    plain(&[layer("branch3x3", "conv", THREE_HALF)]),
    plain(&[
        layer("branch3x3dbl_1", "tower/conv", ONE),
        layer("branch3x3dbl_2", "tower/conv_1", THREE),
        layer("branch3x3dbl_3", "tower/conv_2", THREE_HALF),
    ]),
    HALVED,
];

const C: &[BranchLayout] = &[
    DIRECT,
    plain(&[
        layer("branch7x7_1", "tower/conv", ONE),
        layer("branch7x7_2", "tower/conv_1", row(7)),
        layer("branch7x7_3", "tower/conv_2", column(7)),
    ]),
    plain(&[
        layer("branch7x7dbl_1", "tower_1/conv", ONE),
        layer("branch7x7dbl_2", "tower_1/conv_1", column(7)),
        layer("branch7x7dbl_3", "tower_1/conv_2", row(7)),
        layer("branch7x7dbl_4", "tower_1/conv_3", column(7)),
        layer("branch7x7dbl_5", "tower_1/conv_4", row(7)),
    ]),
    AVERAGE,
];

const D: &[BranchLayout] = &[
    plain(&[
        layer("branch3x3_1", "tower/conv", ONE),
        layer("branch3x3_2", "tower/conv_1", THREE_HALF),
    ]),
    plain(&[
        layer("branch7x7x3_1", "tower_1/conv", ONE),
        layer("branch7x7x3_2", "tower_1/conv_1", row(7)),
        layer("branch7x7x3_3", "tower_1/conv_2", column(7)),
        layer("branch7x7x3_4", "tower_1/conv_3", THREE_HALF),
    ]),
    HALVED,
];

const E_WIDE: BranchLayout = BranchLayout {
    pool: Pool::None,
    layers: &[layer("branch3x3_1", "tower/conv", ONE)],
    split: &[
        layer("branch3x3_2a", "tower/mixed/conv", row(3)),
        layer("branch3x3_2b", "tower/mixed/conv_1", column(3)),
    ],
};

const E_DEEP: BranchLayout = BranchLayout {
    pool: Pool::None,
    layers: &[
        layer("branch3x3dbl_1", "tower_1/conv", ONE),
        layer("branch3x3dbl_2", "tower_1/conv_1", THREE),
    ],
    split: &[
        layer("branch3x3dbl_3a", "tower_1/mixed/conv", row(3)),
        layer("branch3x3dbl_3b", "tower_1/mixed/conv_1", column(3)),
    ],
};

const E_AVERAGE: &[BranchLayout] = &[DIRECT, E_WIDE, E_DEEP, AVERAGE];
/// The last block of the published graph takes maxima where the paper has means.
const E_MAX: &[BranchLayout] = &[DIRECT, E_WIDE, E_DEEP, MAX];

const fn block(
    name: &'static str,
    tensorflow: &'static str,
    branches: &'static [BranchLayout],
) -> BlockLayout {
    BlockLayout {
        name,
        tensorflow,
        branches,
    }
}

/// The blocks after the second pooling.
pub(super) const BLOCKS: &[BlockLayout] = &[
    block("Mixed_5b", "mixed", A),
    block("Mixed_5c", "mixed_1", A),
    block("Mixed_5d", "mixed_2", A),
    block("Mixed_6a", "mixed_3", B),
    block("Mixed_6b", "mixed_4", C),
    block("Mixed_6c", "mixed_5", C),
    block("Mixed_6d", "mixed_6", C),
    block("Mixed_6e", "mixed_7", C),
    block("Mixed_7a", "mixed_8", D),
    block("Mixed_7b", "mixed_9", E_AVERAGE),
    block("Mixed_7c", "mixed_10", E_MAX),
];

/// All layers: full name in the PyTorch state dict, full name in TensorFlow's graph.
pub(super) fn layer_names() -> Vec<(String, String)> {
    let stem = FIRST.iter().chain(SECOND);
    let mut names: Vec<(String, String)> = stem
        .map(|layer| (layer.name.to_owned(), layer.tensorflow.to_owned()))
        .collect();
    for block in BLOCKS {
        let layers = block
            .branches
            .iter()
            .flat_map(|branch| branch.layers.iter().chain(branch.split));
        names.extend(layers.map(|layer| {
            (
                format!("{}.{}", block.name, layer.name),
                format!("{}/{}", block.tensorflow, layer.tensorflow),
            )
        }));
    }
    names
}
