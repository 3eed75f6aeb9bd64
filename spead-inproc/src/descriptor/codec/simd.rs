//! The widths that digitisers send, sixteen fields at a time, on machines that can (x86-64 with AVX2, found out at run time).

use std::any::Any;

/// Reads as many of the fields as come in whole blocks, if there is a way to; says how many that were.
///
/// The fields lie side by side from the first bit of `data`; `out` is a vector of numbers.
#[cfg(target_arch = "x86_64")]
pub(super) fn unpack(data: &[u8], count: usize, bits: u64, out: &mut dyn Any) -> usize {
    avx2::unpack(data, count, bits, out)
}

/// There is no way to.
#[cfg(not(target_arch = "x86_64"))]
pub(super) fn unpack(_data: &[u8], _count: usize, _bits: u64, _out: &mut dyn Any) -> usize {
    0
}

#[cfg(target_arch = "x86_64")]
mod avx2 {
    #![expect(clippy::cast_possible_truncation, reason = "places in 16 bytes, and lanes that hold 8 bits")]

    use std::{any::Any, arch::x86_64::__m256i};

    use pulp::{NullaryFnOnce, cast, x86::V3};

    /// Fields in a block.
    const BLOCK: usize = 16;

    pub(super) fn unpack(data: &[u8], count: usize, bits: u64, out: &mut dyn Any) -> usize {
        // Few fields are not worth the question what the machine can do.
        if count < 4 * BLOCK {
            return 0;
        }
        let Some(simd) = V3::try_new() else { return 0 };
        macro_rules! widths {
            ($($bits:literal $signed:ty, $unsigned:ty;)*) => {
                match bits {
                    $($bits => {
                        let blocks = blocks(data, $bits, count);
                        if let Some(out) = out.downcast_mut::<Vec<$signed>>() {
                            simd.vectorize(Unpack::<$bits, true, _> { simd, data, blocks, out });
                        } else if let Some(out) = out.downcast_mut::<Vec<$unsigned>>() {
                            simd.vectorize(Unpack::<$bits, false, _> { simd, data, blocks, out });
                        } else {
                            return 0;
                        }
                        blocks * BLOCK
                    })*
                    _ => 0,
                }
            };
        }
        // The others do not fit the window of 16 bits wherever in a byte they start.
        widths! {
            1 i8, u8;
            2 i8, u8;
            3 i8, u8;
            4 i8, u8;
            5 i8, u8;
            6 i8, u8;
            7 i8, u8;
            9 i16, u16;
            10 i16, u16;
            12 i16, u16;
        }
    }

    /// How many blocks can be read.
    fn blocks(data: &[u8], bits: usize, count: usize) -> usize {
        // Each half of a block is read as 16 bytes, whatever it takes of them.
        let reach = bits + 16;
        let readable = data.len().checked_sub(reach).map_or(0, |rest| rest / (2 * bits) + 1);
        readable.min(count / BLOCK)
    }

    struct Unpack<'u, const BITS: usize, const SIGNED: bool, T> {
        simd: V3,
        data: &'u [u8],
        blocks: usize,
        out: &'u mut Vec<T>,
    }

    impl<const BITS: usize, const SIGNED: bool, T> Unpack<'_, BITS, SIGNED, T> {
        /// Which bytes of a half block hold each of its eight fields, the first byte on top of each lane.
        const BYTES: [u8; 32] = {
            let mut bytes = [0; 32];
            let mut lane = 0;
            while lane < BLOCK {
                let first = (lane % 8 * BITS / 8) as u8;
                bytes[2 * lane] = first + 1;
                bytes[2 * lane + 1] = first;
                lane += 1;
            }
            bytes
        };
        /// What moves each field to the top of its lane.
        const FACTORS: [u16; BLOCK] = {
            let mut factors = [0; BLOCK];
            let mut lane = 0;
            while lane < BLOCK {
                factors[lane] = 1 << (lane % 8 * BITS % 8);
                lane += 1;
            }
            factors
        };

        /// The sixteen fields of a block, in lanes of 16 bits.
        #[inline(always)]
        fn block(&self, block: usize) -> __m256i {
            let avx2 = self.simd.avx2;
            let from = &self.data[block * 2 * BITS..block * 2 * BITS + BITS + 16];
            let mut halves = [0; 32];
            halves[..16].copy_from_slice(&from[..16]);
            halves[16..].copy_from_slice(&from[BITS..]);
            let lanes = avx2._mm256_shuffle_epi8(cast(halves), cast(Self::BYTES));
            let lanes = avx2._mm256_mullo_epi16(lanes, cast(Self::FACTORS));
            let unused = cast([16 - BITS as u64, 0]);
            if SIGNED { avx2._mm256_sra_epi16(lanes, unused) } else { avx2._mm256_srl_epi16(lanes, unused) }
        }

        /// The fields of two blocks, in lanes of 8 bits.
        #[inline(always)]
        fn two_blocks(&self, block: usize) -> __m256i {
            let avx2 = self.simd.avx2;
            let (low, high) = (self.block(block), self.block(block + 1));
            let packed = if SIGNED { avx2._mm256_packs_epi16(low, high) } else { avx2._mm256_packus_epi16(low, high) };
            // Packing takes turns between the halves of its operands.
            avx2._mm256_permute4x64_epi64::<0b11_01_10_00>(packed)
        }
    }

    macro_rules! lanes_of_16_bits {
        ($($type:ty)*) => {$(
            impl<const BITS: usize, const SIGNED: bool> NullaryFnOnce for Unpack<'_, BITS, SIGNED, $type> {
                type Output = ();

                #[inline(always)]
                fn call(self) {
                    for block in 0..self.blocks {
                        let lanes: [$type; BLOCK] = cast(self.block(block));
                        self.out.extend_from_slice(&lanes);
                    }
                }
            }
        )*};
    }
    lanes_of_16_bits!(i16 u16);

    macro_rules! lanes_of_8_bits {
        ($($type:ty)*) => {$(
            impl<const BITS: usize, const SIGNED: bool> NullaryFnOnce for Unpack<'_, BITS, SIGNED, $type> {
                type Output = ();

                #[inline(always)]
                fn call(self) {
                    for pair in 0..self.blocks / 2 {
                        let lanes: [$type; 2 * BLOCK] = cast(self.two_blocks(2 * pair));
                        self.out.extend_from_slice(&lanes);
                    }
                    if self.blocks % 2 == 1 {
                        let lanes: [i16; BLOCK] = cast(self.block(self.blocks - 1));
                        self.out.extend(lanes.map(|lane| lane as $type));
                    }
                }
            }
        )*};
    }
    lanes_of_8_bits!(i8 u8);
}
