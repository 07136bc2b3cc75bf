//! CIE L*a*b* of sRGB pictures (D65, 2 degrees), with the numbers of scikit-image.

use std::sync::LazyLock;

/// From linear red, green and blue to X, Y and Z.
const TO_XYZ: [[f64; 3]; 3] = [
    [0.412_453, 0.357_580, 0.180_423],
    [0.212_671, 0.715_160, 0.072_169],
    [0.019_334, 0.119_193, 0.950_227],
];

/// X, Y and Z of white.
const WHITE: [f64; 3] = [0.950_47, 1.0, 1.088_83];

/// Half of the range of L, and the range of a and b that networks see as [-1, 1].
const LIGHTNESS: f64 = 50.0;
const OPPONENTS: f64 = 110.0;

/// The inverse of [`TO_XYZ`].
static FROM_XYZ: LazyLock<[[f64; 3]; 3]> = LazyLock::new(|| {
    let m = TO_XYZ;
    // The cofactors of a matrix are its inverse, but for the determinant.
    let cofactor = |row: usize, column: usize| {
        let ([r, s], [c, d]) = (others(row), others(column));
        m[r][c] * m[s][d] - m[r][d] * m[s][c]
    };
    let determinant: f64 = (0..3)
        .map(|column| m[0][column] * cofactor(0, column))
        .sum();
    std::array::from_fn(|row| std::array::from_fn(|column| cofactor(column, row) / determinant))
});

/// Linear values of the 256 levels.
static LINEAR: LazyLock<[f64; 256]> =
    LazyLock::new(|| std::array::from_fn(|level| linear(level as f64 / 255.0)));

/// The two after `index`, in a circle.
fn others(index: usize) -> [usize; 2] {
    [(index + 1) % 3, (index + 2) % 3]
}

fn product(matrix: &[[f64; 3]; 3], [x, y, z]: [f64; 3]) -> [f64; 3] {
    matrix.map(|[a, b, c]| a * x + b * y + c * z)
}

/// The linear value of a channel in [0, 1].
pub(super) fn linear(value: f64) -> f64 {
    if value > 0.040_45 {
        ((value + 0.055) / 1.055).powf(2.4)
    } else {
        value / 12.92
    }
}

/// The channel of a linear value.
pub(super) fn gamma(linear: f64) -> f64 {
    if linear > 0.003_130_8 {
        1.055 * linear.powf(1.0 / 2.4) - 0.055
    } else {
        12.92 * linear
    }
}

/// Y, the luminance, of linear red, green and blue.
pub(super) fn luminance([red, green, blue]: [f64; 3]) -> f64 {
    let [_, [r, g, b], _] = TO_XYZ;
    r * red + g * green + b * blue
}

fn compressed(share: f64) -> f64 {
    if share > 0.008_856 {
        share.cbrt()
    } else {
        7.787 * share + 16.0 / 116.0
    }
}

fn expanded(value: f64) -> f64 {
    if value > 0.206_896_6 {
        value.powi(3)
    } else {
        (value - 16.0 / 116.0) / 7.787
    }
}

/// L, a and b of linear red, green and blue.
pub(super) fn lab_of_linear(colour: [f64; 3]) -> [f64; 3] {
    let xyz = product(&TO_XYZ, colour);
    let [x, y, z]: [f64; 3] = std::array::from_fn(|index| compressed(xyz[index] / WHITE[index]));
    [116.0 * y - 16.0, 500.0 * (x - y), 200.0 * (y - z)]
}

/// Linear red, green and blue, perhaps beyond [0, 1], of the luminance Y with a and b.
pub(super) fn linear_of(luminance: f64, [a, b]: [f64; 2]) -> [f64; 3] {
    let y = compressed(luminance);
    let x = expanded(y + a / 500.0) * WHITE[0];
    let z = expanded(y - b / 200.0) * WHITE[2];
    product(&FROM_XYZ, [x, luminance, z])
}

/// a and b of what a network gives for them.
pub(super) fn opponents([a, b]: [f32; 2]) -> [f64; 2] {
    [f64::from(a) * OPPONENTS, f64::from(b) * OPPONENTS]
}

/// What networks see of the lightness of a colour in [0, 1]: L in [-1, 1].
pub(super) fn lightness_value(colour: [f64; 3]) -> f32 {
    let y = compressed(luminance(colour.map(linear)));
    ((116.0 * y - 16.0) / LIGHTNESS - 1.0) as f32
}

/// What networks see of 8-bit colours, `[pixels, 3]`: the planes of L, a and b, each flattened.
pub(super) fn lab_planes(bytes: &[u8]) -> [Vec<f32>; 3] {
    let mut planes: [Vec<f32>; 3] = std::array::from_fn(|_| Vec::with_capacity(bytes.len() / 3));
    for &colour in bytes.as_chunks::<3>().0 {
        let [l, a, b] = lab_of_linear(colour.map(|level| LINEAR[usize::from(level)]));
        let values = [l / LIGHTNESS - 1.0, a / OPPONENTS, b / OPPONENTS];
        for (plane, value) in planes.iter_mut().zip(values) {
            plane.push(value as f32);
        }
    }
    planes
}

/// The colours of planes of L, `[pixels]`, and of a and b, `[2, pixels]`, as networks see them: red, green and blue in [-1, 1],
/// `[3, pixels]`, cut off where no screen shows them.
pub fn rgb_values(lightness: &[f32], ab: &[f32]) -> Vec<f32> {
    let count = lightness.len();
    let mut made = vec![0.0; 3 * count];
    for (place, value) in lightness.iter().enumerate() {
        let l = (f64::from(*value) + 1.0) * LIGHTNESS;
        let y = expanded((l + 16.0) / 116.0);
        let colour = linear_of(y, opponents([ab[place], ab[count + place]]));
        for (channel, value) in colour.into_iter().enumerate() {
            made[channel * count + place] = (2.0 * gamma(value.clamp(0.0, 1.0)) - 1.0) as f32;
        }
    }
    made
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_those_of_scikit_image() {
        // scikit-image 0.26.0: rgb2lab of these as bytes.
        for (colour, lab) in [
            ([0, 0, 0], [0.000_000, 0.000_000, 0.000_000]),
            ([255, 255, 255], [100.000_000, -0.002_455, 0.004_653]),
            ([255, 0, 0], [53.240_588, 80.092_308, 67.202_751]),
            ([0, 255, 0], [87.735_099, -86.183_030, 83.179_703]),
            ([0, 0, 255], [32.295_673, 79.185_591, -107.857_300]),
            ([12, 200, 90], [70.955_158, -64.820_060, 43.065_228]),
            ([128, 128, 128], [53.585_013, -0.001_473, 0.002_791]),
            ([3, 2, 9], [0.745_164, 1.234_771, -2.556_760]),
        ] {
            let [l, a, b] = lab_planes(&colour);
            let wanted = [lab[0] / 50.0 - 1.0, lab[1] / 110.0, lab[2] / 110.0];
            for (got, wanted) in [l[0], a[0], b[0]].into_iter().zip(wanted) {
                assert!(
                    (f64::from(got) - wanted).abs() < 1e-5,
                    "{colour:?}: {got} {wanted}"
                );
            }
        }
    }

    #[test]
    fn colours_survive_the_way_there_and_back() {
        let bytes: Vec<u8> = (0..3 * 500).map(|value| (value * 37 % 256) as u8).collect();
        let [l, a, b] = lab_planes(&bytes);
        let made = rgb_values(&l, &[a, b].concat());
        for (place, colour) in bytes.as_chunks::<3>().0.iter().enumerate() {
            for (channel, level) in colour.iter().enumerate() {
                let got = (made[channel * 500 + place] + 1.0) * 127.5;
                assert!((got - f32::from(*level)).abs() < 0.05, "{got} {level}");
            }
        }
    }
}
