use super::Profile;
use crate::descriptor::{ByteOrder, Descriptor, DescriptorBuilder};

/// What an X-engine sends where it has no data: real and imaginary part.
pub const MISSING_VISIBILITY: [i32; 2] = [i32::MIN, 1];

/// ADC samples in a packet of a digitiser.
const DIGITISER_SAMPLES: usize = 4096;
/// ADC samples that a batch of 2^20 spectra-times-channels of an F-engine stands for.
const F_ENGINE_STEP: u64 = 1 << 21;

impl Profile {
    /// Digitiser to F-engine: 4096 signed 10-bit samples a heap, one packet a heap.
    ///
    /// | id | name | type |
    /// |---|---|---|
    /// | 0x1600 | `timestamp` | `u48`, ADC samples; steps by 4096 |
    /// | 0x3101 | `digitiser_id` | `u48`; the lowest bit is the polarisation |
    /// | 0x3102 | `digitiser_status` | `u48`; bit 1 says that samples were saturated, their number starts at bit 32 |
    /// | 0x3300 | `adc_samples` | `i10` (4096,) |
    ///
    /// The packet has 5120 bytes of payload behind a header of 72 (katgpucbf `spead.py`, `dsim/descriptors.py`).
    #[must_use]
    pub fn digitiser() -> Self {
        Self::new(
            "digitiser",
            DIGITISER_SAMPLES as u64,
            [
                timestamp(),
                scalar(0x3101, "digitiser_id"),
                scalar(0x3102, "digitiser_status"),
                item(0x3300, "adc_samples").format("i10").shape([DIGITISER_SAMPLES]),
            ],
        )
    }

    /// F-engine to X-engine: channelised voltages of one antenna, for the channels of one substream.
    ///
    /// | id | name | type |
    /// |---|---|---|
    /// | 0x1600 | `timestamp` | `u48`, ADC samples; steps by 2^21 |
    /// | 0x4101 | `feng_id` | `u48`: which antenna |
    /// | 0x4103 | `frequency` | `u48`: the first channel |
    /// | 0x4300 | `feng_raw` | `\|i1` (channels, spectra, 2, 2): polarisation, then real and imaginary part |
    ///
    /// 512 channels of 32 spectra make 8 packets of 8264 bytes (katgpucbf `fgpu/send.py`). Heap cnts are `feng_id` + k ×
    /// antennas.
    #[must_use]
    pub fn f_engine(channels: usize, spectra: usize) -> Self {
        let raw = item(0x4300, "feng_raw").dtype("|i1").shape([channels, spectra, 2, 2]);
        Self::new("F-engine", F_ENGINE_STEP, [timestamp(), scalar(0x4101, "feng_id"), frequency(), raw])
    }

    /// As [`f_engine`](Self::f_engine), with real and imaginary parts of four bits each.
    #[must_use]
    pub fn f_engine_4_bit(channels: usize, spectra: usize) -> Self {
        let raw = item(0x4300, "feng_raw").format("i4").shape([channels, spectra, 2, 2]);
        Self::new("F-engine, 4 bit", F_ENGINE_STEP, [timestamp(), scalar(0x4101, "feng_id"), frequency(), raw])
    }

    /// X-engine to ingest: accumulated visibilities of all baselines, for the channels of one engine.
    ///
    /// | id | name | type |
    /// |---|---|---|
    /// | 0x1600 | `timestamp` | `u48`, ADC samples |
    /// | 0x4103 | `frequency` | `u48`: the first channel |
    /// | 0x1800 | `xeng_raw` | `<i4`, from older correlators `>i4`, (channels, products, 2): real and imaginary part |
    ///
    /// *n* antennas have [`baseline_products`]`(n)`; data that is not there is [`MISSING_VISIBILITY`]. Four antennas and 256
    /// channels make 10 packets of 8256 bytes (katgpucbf `xbgpu/xsend.py`).
    #[must_use]
    pub fn x_engine(antennas: usize, channels: usize, order: ByteOrder) -> Self {
        let dtype = match order {
            ByteOrder::Little => "<i4",
            ByteOrder::Big => ">i4",
        };
        let raw = item(0x1800, "xeng_raw").dtype(dtype).shape([channels, baseline_products(antennas), 2]);
        Self::new("X-engine", F_ENGINE_STEP, [timestamp(), frequency(), raw])
    }

    /// B-engine to beamformer capture: one tied-array beam, for the channels of one engine.
    ///
    /// | id | name | type |
    /// |---|---|---|
    /// | 0x1600 | `timestamp` | `u48`, ADC samples; steps by 2^21 |
    /// | 0x4103 | `frequency` | `u48`: the first channel |
    /// | 0x5004 | `beam_ants` | `u48`: antennas in the sum |
    /// | 0x5000 | `bf_raw` | `\|i1` (channels, spectra, 2): real and imaginary part |
    ///
    /// 64 channels of 256 spectra make 4 packets of 8264 bytes (katgpucbf `xbgpu/bsend.py`).
    #[must_use]
    pub fn beamformer(channels: usize, spectra: usize) -> Self {
        let raw = item(0x5000, "bf_raw").dtype("|i1").shape([channels, spectra, 2]);
        Self::new("beamformer", F_ENGINE_STEP, [timestamp(), frequency(), scalar(0x5004, "beam_ants"), raw])
    }

    /// Calibrated visibilities with their flags and weights, as the science data processor passes them on.
    ///
    /// The ids, but for `frequency`, are not agreed on: senders take the first free ones, receivers learn them from descriptors
    /// and then use [`with_ids_of`](Self::with_ids_of).
    ///
    /// | id | name | type |
    /// |---|---|---|
    /// | 0x1000 | `correlator_data` | `<c8` (channels, products) |
    /// | 0x1001 | `flags` | `\|u1` (channels, products) |
    /// | 0x1002 | `weights` | `\|u1` (channels, products) |
    /// | 0x1003 | `weights_channel` | `<f4` (channels,) |
    /// | 0x1004 | `timestamp` | `<f8`: the time in seconds; no immediate, as it takes 8 bytes |
    /// | 0x1005 | `dump_index` | `<u8`: steps by 1; no immediate either |
    /// | 0x4103 | `frequency` | `<u4`: the first channel |
    ///
    /// (katsdpcal `test_control.py`, `simulator.py`)
    #[must_use]
    pub fn visibilities(channels: usize, antennas: usize) -> Self {
        let products = baseline_products(antennas);
        let mut stream = Self::new(
            "visibilities",
            1,
            [
                item(0x1000, "correlator_data").dtype("<c8").shape([channels, products]),
                item(0x1001, "flags").dtype("|u1").shape([channels, products]),
                item(0x1002, "weights").dtype("|u1").shape([channels, products]),
                item(0x1003, "weights_channel").dtype("<f4").shape([channels]),
                item(0x1004, "timestamp").dtype("<f8"),
                item(0x1005, "dump_index").dtype("<u8"),
                item(0x4103, "frequency").dtype("<u4"),
            ],
        );
        stream.clock.0 = "dump_index";
        stream
    }

    fn new<const N: usize>(name: &'static str, step: u64, items: [DescriptorBuilder; N]) -> Self {
        let build = |item: DescriptorBuilder| {
            item.build().expect("types are constant, and shapes of this size are addressable")
        };
        Self { name, items: items.map(build).into(), clock: ("timestamp", step) }
    }
}

/// How many products the baselines of so many antennas have, those of each antenna with itself and both polarisations of each included.
#[must_use]
pub const fn baseline_products(antennas: usize) -> usize {
    antennas * (antennas + 1) / 2 * 4
}

/// Where the baseline of two antennas stands; in either order. Each stands for four products.
///
/// ```
/// use spead_inproc::profile::baseline_index;
///
/// assert_eq!([baseline_index(0, 0), baseline_index(0, 1), baseline_index(1, 1), baseline_index(0, 2)], [0, 1, 2, 3]);
/// ```
#[must_use]
pub const fn baseline_index(first: usize, second: usize) -> usize {
    let (low, high) = if first < second { (first, second) } else { (second, first) };
    high * (high + 1) / 2 + low
}

fn item(id: u64, name: &str) -> DescriptorBuilder {
    Descriptor::new(id, name, "")
}

fn scalar(id: u64, name: &str) -> DescriptorBuilder {
    item(id, name).format("u48")
}

fn timestamp() -> DescriptorBuilder {
    scalar(0x1600, "timestamp")
}

fn frequency() -> DescriptorBuilder {
    scalar(0x4103, "frequency")
}
