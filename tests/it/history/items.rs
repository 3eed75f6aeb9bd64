//! Behaviours 56 to 66: what items mean, there and back.

use spead_inproc::{
    Descriptor, Flavour, GroupError, Heap, HeapGenerator, ItemGroup, UpdateError, Value, ValueError,
    descriptor::{DescriptorBuilder, DescriptorProblem, RawDescriptor, UpdateProblem, ValueProblem},
};

const FLAVOUR: Flavour = Flavour::SPEAD_64_48;

fn unsigned(id: u64, name: &str) -> DescriptorBuilder {
    Descriptor::new(id, name, "").format("u32")
}

fn group(descriptors: impl IntoIterator<Item = DescriptorBuilder>) -> ItemGroup {
    let mut group = ItemGroup::new(FLAVOUR);
    for descriptor in descriptors {
        group.add(descriptor, None).unwrap();
    }
    group
}

/// A heap with these descriptors and nothing else.
fn described(descriptors: impl IntoIterator<Item = DescriptorBuilder>) -> Heap {
    group(descriptors).heap().unwrap()
}

fn names(group: &ItemGroup) -> Vec<(u64, &str)> {
    group.items().map(|item| (item.id(), item.name())).collect()
}

/// The value of an item that was encoded, sent in a heap, and decoded.
fn there_and_back(descriptor: DescriptorBuilder, value: impl Into<Value>) -> Value {
    let mut sent = ItemGroup::new(FLAVOUR);
    let id = sent.add(descriptor, value.into()).unwrap().id();
    let mut received = ItemGroup::new(FLAVOUR);
    received.update(&sent.heap().unwrap()).unwrap();
    received[id].value().unwrap().clone()
}

#[test]
fn b56_a_descriptor_that_renames_an_id_removes_the_old_name_and_one_that_moves_a_name_the_old_id() {
    let mut group = group([unsigned(0x1000, "a"), unsigned(0x1001, "b"), unsigned(0x1002, "c")]);
    group.update(&described([unsigned(0x1000, "d")])).unwrap();
    assert_eq!(names(&group), [(0x1001, "b"), (0x1002, "c"), (0x1000, "d")]);
    assert!(group.item("a").is_none());

    group.update(&described([unsigned(0x1005, "b")])).unwrap();
    assert_eq!(names(&group), [(0x1002, "c"), (0x1000, "d"), (0x1005, "b")]);
    assert!(group.item_by_id(0x1001).is_none());

    // One that has the id of one item and the name of another takes the place of both.
    group.update(&described([unsigned(0x1000, "c")])).unwrap();
    assert_eq!(names(&group), [(0x1005, "b"), (0x1000, "c")]);
    assert_eq!(group["c"].id(), 0x1000);
    // Above all versions that it replaces: 1 for `c`, 2 for `d`, which had replaced `a`.
    assert_eq!(group["c"].version(), 3);
}

#[test]
fn b57_an_identical_descriptor_that_comes_again_changes_nothing() {
    let mut sent = ItemGroup::new(FLAVOUR);
    sent.add(unsigned(0x1000, "a"), Value::from(5u32)).unwrap();
    let mut group = ItemGroup::new(FLAVOUR);
    group.update(&sent.heap().unwrap()).unwrap();
    let version = group["a"].version();
    let updated = group.update(&described([unsigned(0x1000, "a")])).unwrap();
    assert!(updated.is_empty());
    assert_eq!(updated.described(), ["a"]);
    assert_eq!((group["a"].version(), group["a"].value().unwrap().as_u64()), (version, Some(5)));
    // Any difference counts, and the value is gone with the old item.
    group.update(&described([unsigned(0x1000, "a").shape([1])])).unwrap();
    assert!(group["a"].version() > version && group["a"].value().is_none());
}

#[test]
fn b58_versions_rise_with_every_update_and_do_not_follow_the_heap_cnt() {
    let mut sent = ItemGroup::new(FLAVOUR);
    sent.add(unsigned(0x1000, "a"), Value::from(5u32)).unwrap();
    assert_eq!(sent["a"].version(), 1);
    sent.set("a", 5u32).unwrap();
    assert_eq!(sent["a"].version(), 2, "also if the value is the same");
    let heap = sent.heap().unwrap();
    let mut received = ItemGroup::new(FLAVOUR);
    for version in [3, 5, 7] {
        received.update(&heap).unwrap();
        assert_eq!(received["a"].version(), version, "the same heap three times");
    }
    assert!(matches!(sent.set("b", 1u32), Err(GroupError::UnknownItem { name }) if name == "b"));
}

#[test]
fn b59_too_few_bytes_for_the_shape_are_an_error_that_names_the_item_and_other_items_stay_readable() {
    let short = unsigned(0x1001, "short").shape([3]);
    let mut group = group([unsigned(0x1000, "first").shape([2]), short.clone(), unsigned(0x1002, "third").shape([1])]);
    let heap = Heap::builder(FLAVOUR)
        .item(0x1000, vec![0, 0, 0, 1, 0, 0, 0, 2])
        .item(0x1001, vec![0; 11])
        .item(0x1002, vec![0, 0, 0, 9])
        .build()
        .unwrap();
    let UpdateError { problem, applied, .. } = group.update(&heap).unwrap_err();
    let UpdateProblem::Value(ValueError { id: 0x1001, name, problem, .. }) = *problem else { panic!("{problem}") };
    assert_eq!(name, "short");
    assert!(matches!(problem, ValueProblem::TooShort { needed: Some(96), found: 11, .. }), "{problem}");
    // What came before is applied, what comes after is not, and can be read by itself.
    assert_eq!(applied, ["first"]);
    assert_eq!(group["first"].value().unwrap().as_slice::<u32>(), Some(&[1, 2][..]));
    assert!(group["short"].value().is_none() && group["third"].value().is_none());
    let third = group["third"].descriptor().decode(heap.item(0x1002).unwrap()).unwrap();
    assert_eq!(third.as_u64(), Some(9));
    // Too many bytes are none.
    let more = Heap::builder(FLAVOUR).item(0x1001, vec![1; 15]).build().unwrap();
    let value = short.build().unwrap().decode(more.item(0x1001).unwrap()).unwrap();
    assert_eq!(value.as_slice::<u32>(), Some(&[0x0101_0101; 3][..]));
}

#[test]
fn b60_types_of_no_size_and_objects_are_refused() {
    for dtype in ["S0", "U0", "V0", "O", "|O8", "[]", "[('a', '<u2'), ('b', 'O')]", "[('a', 'S0')]", "M8[s]"] {
        let error = Descriptor::new(0x1000, "a", "").dtype(dtype).build().unwrap_err();
        assert_eq!((error.id, error.name.as_str()), (0x1000, "a"), "{dtype}");
        // Also if it comes from elsewhere.
        let header = format!("{{'descr': {dtype:?}, 'fortran_order': False, 'shape': (2,), }}").replace('"', "'");
        let numpy_header = header.into_bytes();
        let raw = RawDescriptor { id: 0x1000, name: b"a".to_vec(), numpy_header, ..RawDescriptor::default() };
        let heap = Heap::builder(FLAVOUR).raw_descriptor(&raw).unwrap().item(0x1000, vec![0; 8]).build().unwrap();
        let error = ItemGroup::new(FLAVOUR).update(&heap).unwrap_err();
        assert!(matches!(*error.problem, UpdateProblem::Descriptor(_)), "{dtype}: {error}");
    }
    let fields = |format| Descriptor::new(0x1000, "a", "").format(format).build().unwrap_err().problem;
    assert_eq!(fields(""), DescriptorProblem::NoFields);
    assert!(matches!(fields("u0"), DescriptorProblem::Field { code: 'u', bits: 0 }));
}

#[test]
fn b61_any_byte_order_comes_back_and_a_numpy_header_means_the_same_as_a_format() {
    let numbers = [1i32, -2, i32::MIN, i32::MAX, 0x0102_0304];
    let descriptor = || Descriptor::new(0x1000, "a", "").shape([5]);
    let big: Vec<u8> = numbers.iter().flat_map(|number| number.to_be_bytes()).collect();
    let little: Vec<u8> = numbers.iter().flat_map(|number| number.to_le_bytes()).collect();
    for (descriptor, bytes) in
        [(descriptor().dtype("<i4"), &little), (descriptor().dtype(">i4"), &big), (descriptor().format("i32"), &big)]
    {
        let value = Value::from(numbers);
        assert_eq!(descriptor.clone().build().unwrap().encode(&value).unwrap(), bytes);
        assert_eq!(there_and_back(descriptor, numbers).as_slice::<i32>(), Some(&numbers[..]));
    }
    let floats = [1.5f64, -0.0, f64::INFINITY];
    for dtype in ["<f8", ">f8"] {
        let back = there_and_back(Descriptor::new(0x1000, "a", "").dtype(dtype).shape([3]), floats);
        assert_eq!(back.as_slice::<f64>().unwrap().map_bits(), floats.map_bits());
    }
}

trait MapBits {
    fn map_bits(&self) -> Vec<u64>;
}

impl MapBits for [f64] {
    fn map_bits(&self) -> Vec<u64> {
        self.iter().map(|float| float.to_bits()).collect()
    }
}

#[test]
fn b62_bit_fields_that_are_not_whole_bytes_decode_exactly() {
    let ten = Descriptor::new(0x3300, "adc_samples", "").format("i10");
    let samples: Vec<i16> = (0..4096).map(|at| (at % 1024) - 512).collect();
    assert_eq!(ten.clone().shape([4096]).build().unwrap().encode(&samples.clone().into()).unwrap().len(), 5120);
    assert_eq!(there_and_back(ten.clone().shape([4096]), samples.clone()).to_vec::<i16>(), Some(samples));
    // By hand: 1, -1, 511, -512, 5.
    let heap = Heap::builder(FLAVOUR).item(0x3300, vec![0x00, 0x7f, 0xf7, 0xfe, 0x00, 0x01, 0x40]).build().unwrap();
    let value = ten.shape([5]).build().unwrap().decode(heap.item(0x3300).unwrap()).unwrap();
    assert_eq!(value.to_vec::<i16>().unwrap(), [1, -1, 511, -512, 5]);

    let twelve = Descriptor::new(0x1000, "a", "").format("u12").shape([3]);
    let bytes = twelve.clone().build().unwrap().encode(&[0xabcu16, 0xdef, 0x123].into()).unwrap();
    assert_eq!(bytes[..], [0xab, 0xcd, 0xef, 0x12, 0x30]);
    assert_eq!(
        there_and_back(twelve.clone(), [0xabcu16, 0xdef, 0x123]).to_vec::<u16>().unwrap(),
        [0xabc, 0xdef, 0x123]
    );
    let problem = twelve.build().unwrap().encode(&[0u16, 0x1000, 0].into()).unwrap_err().problem;
    assert!(matches!(problem, ValueProblem::OutOfRange { index: 1, .. }), "{problem}");

    let fields = Descriptor::new(0x1000, "a", "").format("u3 i5 b1 u7").build().unwrap();
    let heap = Heap::builder(FLAVOUR).item(0x1000, vec![0b101_10000, 0b1_1000001]).build().unwrap();
    let value = fields.decode(heap.item(0x1000).unwrap()).unwrap();
    let field = |name| value.field(name).unwrap();
    assert_eq!((field("f0").as_u64(), field("f1").as_i64()), (Some(5), Some(-16)));
    assert_eq!((field("f2").as_bool(), field("f3").as_u64()), (Some(true), Some(65)));
}

#[test]
fn b63_integers_that_fit_are_immediate_and_their_width_follows_the_flavour() {
    for address_bits in [8, 16, 24, 32, 40, 48, 56] {
        let flavour = Flavour::new(address_bits).unwrap();
        for bits in [8_u32, 16, 24, 32, 40, 48, 56, 64] {
            let mut sent = ItemGroup::new(flavour);
            let format = format!("u{bits}");
            let largest = u64::MAX >> (64 - bits);
            sent.add(Descriptor::new(0x50, "a", "").format(&format), Value::from(largest)).unwrap();
            let heap = sent.heap().unwrap();
            let item = heap.item(0x50).unwrap();
            assert_eq!(item.is_immediate(), bits <= address_bits, "{format} in {flavour}");
            if item.is_immediate() {
                assert_eq!(item.bytes().len() * 8, address_bits as usize);
            }
            let mut received = ItemGroup::new(flavour);
            received.update(&heap).unwrap();
            assert_eq!(received["a"].value().unwrap().as_u64(), Some(largest), "{format} in {flavour}");
        }
    }
    // Neither what varies in size nor what is no whole bytes.
    let is_immediate = |descriptor: DescriptorBuilder, value: Value| {
        let descriptor = descriptor.build().unwrap();
        let heap = Heap::builder(FLAVOUR).value(&descriptor, &value).unwrap().build().unwrap();
        heap.item(descriptor.id()).unwrap().is_immediate()
    };
    let bytes = Descriptor::new(0x1000, "a", "").format("u8");
    assert!(is_immediate(bytes.clone().shape([6]), [1u8; 6].into()));
    assert!(!is_immediate(bytes.clone().shape([7]), [1u8; 7].into()));
    assert!(!is_immediate(bytes.shape([None]), [1u8; 6].into()));
    assert!(!is_immediate(Descriptor::new(0x1000, "a", "").format("u12"), 5u16.into()));
}

#[test]
fn b64_text_comes_back_only_of_char_formats_and_names_are_ascii() {
    let chars = Descriptor::new(0x1000, "a", "").format("c8").shape([None]);
    assert_eq!(there_and_back(chars.clone(), "hello").as_str().unwrap(), "hello");
    let bytes = Descriptor::new(0x1000, "a", "").format("u8").shape([5]);
    let value = there_and_back(bytes, *b"hello");
    assert_eq!((value.as_str(), value.as_slice::<u8>()), (None, Some(&b"hello"[..])));
    let strings =
        there_and_back(Descriptor::new(0x1000, "a", "").dtype("S1").shape([2]), Value::byte_strings(&["h", "e"]));
    assert_eq!(strings.as_str(), None);

    let problem = chars.build().unwrap().encode(&"h\u{e9}llo".into()).unwrap_err().problem;
    assert!(matches!(problem, ValueProblem::NotAscii { at: 1, byte: 0xc3 }), "{problem}");
    let name = Descriptor::new(0x1000, "\u{3bc}", "").format("u8").build().unwrap_err().problem;
    assert_eq!(name, DescriptorProblem::NotAscii { what: "name" });
    let description = Descriptor::new(0x1000, "a", "\u{3bc}").format("u8").build().unwrap_err().problem;
    assert_eq!(description, DescriptorProblem::NotAscii { what: "description" });
    let raw = RawDescriptor { id: 0x1000, name: vec![0xb5], format: vec![(b'u', 8)], ..RawDescriptor::default() };
    let heap = Heap::builder(FLAVOUR).raw_descriptor(&raw).unwrap().build().unwrap();
    let UpdateProblem::Descriptor(error) = *ItemGroup::new(FLAVOUR).update(&heap).unwrap_err().problem else {
        panic!()
    };
    assert_eq!(error.problem, DescriptorProblem::NotAscii { what: "name" });
}

#[test]
fn b65_fortran_order_and_byte_order_are_undone() {
    let array = [[1u16, 2, 3], [4, 5, 6]];
    let descriptor = |dtype: &str| Descriptor::new(0x1000, "a", "").dtype(dtype).shape([2, 3]).fortran_order();
    let bytes = |dtype| descriptor(dtype).build().unwrap().encode(&array.into()).unwrap();
    assert_eq!(bytes("<u2")[..], [1, 0, 4, 0, 2, 0, 5, 0, 3, 0, 6, 0]);
    assert_eq!(bytes(">u2")[..], [0, 1, 0, 4, 0, 2, 0, 5, 0, 3, 0, 6]);
    for dtype in ["<u2", ">u2"] {
        let back = there_and_back(descriptor(dtype), array);
        assert_eq!((back.shape(), back.as_slice::<u16>()), (&[2, 3][..], Some(&[1, 2, 3, 4, 5, 6][..])));
    }
    let problem =
        Descriptor::new(0x1000, "a", "").format("u16").shape([2, 3]).fortran_order().build().unwrap_err().problem;
    assert_eq!(problem, DescriptorProblem::FortranFormat);
}

#[test]
fn b66_a_dimension_that_varies_takes_its_size_from_the_data_and_there_is_at_most_one() {
    let rows = Descriptor::new(0x1000, "a", "").format("u16").shape([None, Some(2)]);
    let built = rows.clone().build().unwrap();
    for (bytes, expected) in [(4, 1), (11, 2), (12, 3), (3, 0)] {
        let heap = Heap::builder(FLAVOUR).item(0x1000, vec![1; bytes]).build().unwrap();
        let value = built.decode(heap.item(0x1000).unwrap()).unwrap();
        assert_eq!(value.shape(), [expected, 2], "{bytes} bytes");
    }
    let value = there_and_back(rows, [[1u16, 2], [3, 4], [5, 6]]);
    assert_eq!((value.shape(), value.as_slice::<u16>()), (&[3, 2][..], Some(&[1, 2, 3, 4, 5, 6][..])));

    let two = Descriptor::new(0x1000, "a", "").format("u16").shape([None, Some(2), None]).build().unwrap_err().problem;
    assert!(matches!(two, DescriptorProblem::VariableDimensions { variable: 2, .. }), "{two}");
    let dtype = Descriptor::new(0x1000, "a", "").dtype("<u2").shape([None]).build().unwrap_err().problem;
    assert!(matches!(dtype, DescriptorProblem::VariableDtype { .. }), "{dtype}");
    // The group sends it again only if it has changed.
    let mut sent = ItemGroup::new(FLAVOUR);
    sent.add(Descriptor::new(0x1000, "a", "").format("c8").shape([None]), Value::from("xyz")).unwrap();
    let mut generator = HeapGenerator::new();
    assert_eq!(generator.heap(&sent).unwrap().items().len(), 2);
    sent.set("a", "longer").unwrap();
    let heap = generator.heap(&sent).unwrap();
    assert_eq!(heap.items().len(), 1);
    assert_eq!(heap.item(0x1000).unwrap().bytes(), *b"longer");
}
