//! What holds for every descriptor and every value.

use std::fmt::Write;

use proptest::{collection::vec, prelude::*, sample::select};
use rstest::rstest;
use spead_inproc::{
    Descriptor, Flavour, Harness, Heap, ItemGroup, Value,
    descriptor::{DescriptorBuilder, ElementType, RawDescriptor, Shape, ValueProblem},
    heap::Item,
};
use support::strategies::{config, flavours};

/// One field of a format.
fn field() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => (select(vec!['u', 'i', 'b']), 1_u32..=70).prop_map(|(code, bits)| format!("{code}{bits}")),
        1 => (select(vec!['u', 'i', 'b']), 71_u32..=300).prop_map(|(code, bits)| format!("{code}{bits}")),
        1 => select(vec!["f32", "f64", "c8", "i8", "u16"]).prop_map(str::to_owned),
    ]
}

/// A numpy type, structured or not.
fn dtype() -> impl Strategy<Value = String> {
    let plain = select(vec![
        "|b1", "|u1", "<u2", ">u2", "<u4", ">u8", "|i1", "<i2", ">i4", "<i8", "<f2", ">f2", "<f4", ">f8", "<c8",
        ">c16", "|S3", "|V3",
    ])
    .prop_map(|name| format!("'{name}'"));
    plain.prop_recursive(2, 8, 3, |inner| {
        vec((inner, vec(0_usize..3, 0..3)), 1..4).prop_map(|members| {
            let members: Vec<_> = members
                .iter()
                .enumerate()
                .map(|(at, (dtype, shape))| {
                    let shape: String = shape.iter().map(|size| format!("{size},")).collect();
                    if shape.is_empty() {
                        format!("('m{at}', {dtype})")
                    } else {
                        format!("('m{at}', {dtype}, ({shape}))")
                    }
                })
                .collect();
            format!("[{}]", members.join(", "))
        })
    })
}

fn descriptors() -> impl Strategy<Value = Descriptor> {
    let shape = vec(0_usize..4, 0..4);
    let of_format =
        (vec(field(), 1..4), shape.clone(), any::<Option<prop::sample::Index>>()).prop_map(|(fields, shape, free)| {
            let mut shape: Vec<_> = shape.into_iter().map(Some).collect();
            if let Some(free) = free.filter(|_| !shape.is_empty()) {
                let at = free.index(shape.len());
                shape[at] = None;
            }
            describe().format(&fields.join(" ")).shape(shape)
        });
    let of_dtype = (dtype(), shape, any::<bool>()).prop_map(|(dtype, shape, fortran)| {
        let builder = describe().dtype(&dtype).shape(shape);
        if fortran { builder.fortran_order() } else { builder }
    });
    // A structured type may be empty, since its sub-arrays may be.
    prop_oneof![of_format, of_dtype].prop_filter_map("no element at all", |builder| builder.build().ok())
}

fn describe() -> DescriptorBuilder {
    Descriptor::new(0x2000, "item", "of any kind")
}

fn item(bytes: Vec<u8>) -> Heap {
    Heap::builder(Flavour::SPEAD_64_48).item(0x2000, bytes).build().unwrap()
}

fn only(heap: &Heap) -> &Item {
    &heap.items()[0]
}

/// Bytes that the elements of a value take in memory.
fn footprint(value: &Value) -> usize {
    let each = match value.element_type() {
        ElementType::Record => return value.fields().map(|(_, field)| footprint(field)).sum(),
        ElementType::Bytes(bytes) | ElementType::Void(bytes) | ElementType::Wide { bytes, .. } => bytes,
        ElementType::Text(chars) => 4 * chars,
        _ => 16,
    };
    each * value.len()
}

proptest! {
    #![proptest_config(config(3000))]

    /// A value that was read is written back and read again the same.
    #[test]
    fn values_come_back(descriptor in descriptors(), bytes in vec(any::<u8>(), 0..400)) {
        let Ok(value) = descriptor.decode(only(&item(bytes))) else { return Ok(()) };
        let encoded = descriptor.encode(&value).unwrap();
        let again = descriptor.decode(only(&item(encoded.to_vec()))).unwrap();
        prop_assert_eq!(&again, &value);
        prop_assert_eq!(descriptor.encode(&again).unwrap(), encoded);
    }

    /// Descriptors, too, come back from their packets.
    #[test]
    fn descriptors_come_back(descriptor in descriptors(), flavour in flavours()) {
        let Ok(builder) = Heap::builder(flavour).descriptor(&descriptor) else { return Ok(()) };
        let raw = builder.build().unwrap().raw_descriptors();
        prop_assert_eq!(Descriptor::from_raw(&raw[0], flavour.bug_compat()).unwrap(), descriptor);
    }

    /// Integers of any width, as a Vec, against a string of bits.
    #[test]
    fn integers_are_packed_msb_first(bits in 1_usize..=64, signed: bool, numbers in vec(any::<u64>(), 0..200)) {
        let unused = 64 - bits;
        let code = if signed { 'i' } else { 'u' };
        let descriptor = describe().format(&format!("{code}{bits}")).shape([numbers.len()]).build().unwrap();
        let mut text = String::new();
        for number in &numbers {
            write!(text, "{:0bits$b}", number >> unused).unwrap();
        }
        text.push_str(&"0".repeat(text.len().next_multiple_of(8) - text.len()));
        let wanted: Vec<u8> =
            (0..text.len() / 8).map(|at| u8::from_str_radix(&text[8 * at..8 * at + 8], 2).unwrap()).collect();

        if signed {
            let values: Vec<i64> = numbers.iter().map(|number| number.cast_signed() >> unused).collect();
            let encoded = descriptor.encode(&Value::from(values.clone())).unwrap();
            prop_assert_eq!(&encoded[..], &wanted[..]);
            prop_assert_eq!(descriptor.decode(only(&item(wanted))).unwrap().to_vec::<i64>(), Some(values));
        } else {
            let values: Vec<u64> = numbers.iter().map(|number| number >> unused).collect();
            let encoded = descriptor.encode(&Value::from(values.clone())).unwrap();
            prop_assert_eq!(&encoded[..], &wanted[..]);
            prop_assert_eq!(descriptor.decode(only(&item(wanted))).unwrap().to_vec::<u64>(), Some(values));
        }
    }

    /// One more than fits is refused, and the message says which.
    #[test]
    fn what_does_not_fit_is_refused(bits in 2_u32..=63, signed: bool, at in 0_usize..20) {
        let code = if signed { 'i' } else { 'u' };
        let descriptor = describe().format(&format!("{code}{bits}")).shape([20]).build().unwrap();
        let limit = 1_i128 << (if signed { bits - 1 } else { bits });
        let mut numbers = vec![limit - 1; 20];
        prop_assert!(descriptor.encode(&Value::from(numbers.clone())).is_ok());
        numbers[at] = limit;
        let error = descriptor.encode(&Value::from(numbers)).unwrap_err().to_string();
        prop_assert!(error.contains(&format!("element {at} is {limit}")), "{}", error);
    }

    /// Any bytes under any fields: no panic, and no more memory than sixteen bytes for each bit that was sent.
    #[test]
    fn nonsense_is_read_or_refused(
        raw in nonsense(),
        bytes in vec(any::<u8>(), 0..64),
        immediate: bool,
        swap in 0_u32..8,
    ) {
        let bug_compat = spead_inproc::BugCompat::from_bits(swap);
        let Ok(descriptor) = Descriptor::from_raw(&raw, bug_compat) else { return Ok(()) };
        let length = bytes.len().max(8);
        let builder = Heap::builder(Flavour::SPEAD_64_48);
        let heap = if immediate { builder.auto(0x2000, bytes) } else { builder.item(0x2000, bytes) };
        if let Ok(value) = descriptor.decode(only(&heap.build().unwrap())) {
            prop_assert!(footprint(&value) <= 128 * length, "{:?}", descriptor);
            descriptor.encode(&value).unwrap();
        }
    }

    /// Any bytes as a packet in a descriptor item.
    #[test]
    fn broken_descriptor_packets_are_no_descriptors(
        descriptor in descriptors(),
        changes in vec((any::<prop::sample::Index>(), any::<u8>()), 0..6),
        flavour in flavours(),
    ) {
        let Ok(packet) = descriptor.to_raw(flavour.bug_compat()).encode(flavour) else { return Ok(()) };
        let mut packet = packet.to_vec();
        for (at, byte) in changes {
            let at = at.index(packet.len());
            packet[at] = byte;
        }
        let heap = Heap::builder(Flavour::SPEAD_64_48).item(0x05, packet).immediate(0x2000, 7).build().unwrap();
        let mut group = ItemGroup::new(Flavour::SPEAD_64_48);
        let _ = group.update(&heap);
    }
}

fn nonsense() -> impl Strategy<Value = RawDescriptor> {
    let size = prop_oneof![Just(None), (0_u64..5).prop_map(Some), any::<u64>().prop_map(Some)];
    let header = prop_oneof![
        2 => Just(Vec::new()),
        1 => vec(any::<u8>(), 0..100),
        2 => "[\\[\\]{}()'\", :<>|a-zA-Z0-9\\\\]{0,100}".prop_map(String::into_bytes),
        4 => (dtype(), "\\([0-9, -]{0,30}\\)", vec((any::<prop::sample::Index>(), any::<u8>()), 0..3)).prop_map(header),
    ];
    let fields = vec((select(b"uifbc0x".to_vec()), prop_oneof![1_u64..70, any::<u64>()]), 0..6);
    (vec(size, 0..4), fields, header).prop_map(|(shape, format, numpy_header)| RawDescriptor {
        id: 0x2000,
        shape,
        format,
        numpy_header,
        ..RawDescriptor::default()
    })
}

fn header((dtype, shape, changes): (String, String, Vec<(prop::sample::Index, u8)>)) -> Vec<u8> {
    let mut header = format!("{{'descr': {dtype}, 'fortran_order': False, 'shape': {shape}}}").into_bytes();
    for (at, byte) in changes {
        let at = at.index(header.len());
        header[at] = byte;
    }
    header
}

/// Headers that would take a parser's stack or time, or ours.
#[rstest]
#[case::brackets("(".repeat(9000))]
#[case::quoted_brackets("(')',".repeat(1800))]
#[case::triple_quotes(format!("'''a'b'''{}", "[".repeat(9000)))]
#[case::signs("-".repeat(9000))]
#[case::last_in_last(format!("{{'descr': {}1{}", "[(".repeat(3), ")]".repeat(3)))]
#[case::sum(format!("1{}", "+1".repeat(4000)))]
#[case::long_number(format!("{{'descr': '<u1', 'fortran_order': False, 'shape': ({},)}}", "9".repeat(9000)))]
#[case::huge_shape("{'descr': '<u1', 'fortran_order': False, 'shape': (4294967296, 4294967296, 4294967296)}".into())]
#[case::huge_empty_shape("{'descr': [('a', '<u1', (9999999999, 9999999999, 0)), ('b', '<u8', (99999999999,))], 'fortran_order': True, 'shape': (1,)}".into())]
#[case::huge_sub_array("{'descr': [('a', [('x', '<u2', (0,))], (1152921504606846976,)), ('b', '|u1')], 'fortran_order': False, 'shape': ()}".into())]
#[case::huge_number_of_nothing("{'descr': [('a', [('x', '<u2', (0,))], (65536, 32768)), ('b', '|u1')], 'fortran_order': False, 'shape': ()}".into())]
#[case::huge_dimension_of_nothing("{'descr': [('a', '<u2', (2147483648, 0)), ('b', '|u1')], 'fortran_order': False, 'shape': ()}".into())]
#[case::huge_string("{'descr': '|S99999999999', 'fortran_order': False, 'shape': ()}".into())]
#[case::too_long(" ".repeat(20_000))]
#[case::objects("{'descr': [('a', '|O')], 'fortran_order': False, 'shape': ()}".into())]
#[case::twice("{'descr': [('a', '|u1'), ('a', '|u1')], 'fortran_order': False, 'shape': ()}".into())]
#[case::not_ascii("{'descr': [('é', '|u1')], 'fortran_order': False, 'shape': ()}".into())]
fn hostile_headers_are_refused(#[case] header: String) {
    let raw = RawDescriptor { id: 0x2000, numpy_header: header.into_bytes(), ..RawDescriptor::default() };
    Descriptor::from_raw(&raw, spead_inproc::BugCompat::NONE).unwrap_err();
}

/// What can be built can be sent and read again: the header in which a dtype travels is longer and deeper than its text.
#[rstest]
#[case::deep("[('a', [('b', [('c', '<u2', 2)])])]", Vec::new(), None)]
#[case::too_deep(
    "[('a', [('b', [('c', [('d', '<u2')])])])]",
    Vec::new(),
    Some("its brackets are nested deeper than 8")
)]
#[case::long(&format!("[('{}', '<u2')]", "n".repeat(9900)), Vec::new(), None)]
#[case::too_long(&format!("[('{}', '<u2')]", "n".repeat(9950)), Vec::new(), Some("it is longer than 10000 bytes"))]
#[case::escaped(&format!("[('{}', '<u2')]", "\t".repeat(5000)), Vec::new(), Some("it is longer than 10000 bytes"))]
#[case::dimensions("<u2", vec![1; 4000], Some("it is longer than 10000 bytes"))]
#[case::not_ascii("[('é', '<u2')]", Vec::new(), Some("its numpy header is not ASCII"))]
fn a_dtype_that_can_be_built_can_be_read(
    #[case] dtype: &str,
    #[case] shape: Vec<usize>,
    #[case] refused: Option<&str>,
) {
    match (describe().dtype(dtype).shape(shape).build(), refused) {
        (Ok(descriptor), None) => {
            let raw = descriptor.to_raw(spead_inproc::BugCompat::NONE);
            assert_eq!(Descriptor::from_raw(&raw, spead_inproc::BugCompat::NONE).unwrap(), descriptor);
        }
        (Err(error), Some(refused)) => assert!(error.to_string().contains(refused), "{error}"),
        (built, _) => panic!("{built:?}"),
    }
}

/// Whoever is refused is told what to change.
#[test]
fn refusals_say_what_to_change() {
    let refused = |raw: RawDescriptor, bits| {
        let raw = RawDescriptor { id: 1, ..raw };
        raw.encode(Flavour::new(bits).unwrap()).unwrap_err().problem.to_string()
    };
    let wide = RawDescriptor { format: vec![(b'u', 256)], ..RawDescriptor::default() };
    assert_eq!(
        refused(wide, 56),
        "a field of 256 bits does not fit a format entry of SPEAD-64-56, whose largest is 255: split the field, or choose a \
         flavour with shorter addresses"
    );
    let long = RawDescriptor { shape: vec![Some(256)], ..RawDescriptor::default() };
    assert_eq!(
        refused(long, 8),
        "a dimension of 256 does not fit a shape entry of SPEAD-64-8, whose largest is 255: make two dimensions of it, or \
         choose a flavour with longer addresses"
    );
    let wordy = RawDescriptor { description: vec![b'x'; 300], ..RawDescriptor::default() };
    assert_eq!(
        refused(wordy, 8),
        "its 300 bytes do not fit SPEAD-64-8, whose addresses end at 255: shorten its description, or choose a flavour with \
         longer addresses"
    );
    assert_eq!(
        Descriptor::new(0x2000, "größe", "").format("u8").build().unwrap_err().problem.to_string(),
        "its name is not ASCII: SPEAD has no other letters"
    );

    let short = describe().dtype("|S4").build().unwrap();
    assert_eq!(
        short.encode(&"Hello".into()).unwrap_err().problem.to_string(),
        "element 0 is longer than 4: shorten it, or describe longer elements"
    );
    let text = describe().format("c8").shape([None]).build().unwrap();
    assert_eq!(
        text.encode(&"é".into()).unwrap_err().problem.to_string(),
        "byte 0 of the text is 0xc3, which is not ASCII: describe the item as u8 if it is no text"
    );
}

/// An empty array may be as wide as it likes.
#[test]
fn huge_shapes_without_elements() {
    for shape in ["(0, 4294967296, 4294967296)", "(4294967296, 4294967296, 0)"] {
        for order in ["True", "False"] {
            let header = format!("{{'descr': '<u8', 'fortran_order': {order}, 'shape': {shape}}}");
            let raw = RawDescriptor { id: 0x2000, numpy_header: header.into_bytes(), ..RawDescriptor::default() };
            let descriptor = Descriptor::from_raw(&raw, spead_inproc::BugCompat::NONE).unwrap();
            let value = descriptor.decode(only(&item(vec![1, 2, 3]))).unwrap();
            assert!(value.is_empty());
            assert!(descriptor.encode(&value).unwrap().is_empty());
            let text = rendered(&raw, vec![1, 2, 3]);
            assert!(text.ends_with("4294967296] = []") || text.ends_with("0] = []"), "{text}");
        }
    }
}

/// So may a field of no bytes.
#[rstest]
#[case::no_bytes("[('a', [('x', '<u2', (0,))], (2147483647,)), ('b', '|u1')]", "()", "{a [], b 1}")]
#[case::twice(
    "[('a', [('c', [('x', '<u2', 0)], 2147483647)], 2147483647), ('b', '|u1', 2)]",
    "(1,)",
    "[{a [], b [1, 2]}]"
)]
#[case::square("'|u1'", "(2, 1, 2)", "[[[1, 2]], [[3, 4]]]")]
fn huge_dimensions_are_shown(#[case] dtype: &str, #[case] shape: &str, #[case] shown: &str) {
    let header = format!("{{'descr': {dtype}, 'fortran_order': False, 'shape': {shape}}}");
    let raw = RawDescriptor { id: 0x2000, numpy_header: header.into_bytes(), ..RawDescriptor::default() };
    let text = rendered(&raw, vec![1, 2, 3, 4]);
    assert!(text.ends_with(&format!(" = {shown}")), "{text}");
}

/// An array of one element may have as many dimensions as it likes.
#[test]
fn many_dimensions_are_shown() {
    let raw =
        RawDescriptor { id: 0x2000, shape: vec![Some(1); 60_000], format: vec![(b'u', 8)], ..RawDescriptor::default() };
    let text = rendered(&raw, vec![7]);
    assert!(text.ends_with(&format!(" = {}7{}", "[".repeat(60_000), "]".repeat(60_000))));
}

/// The line of an item in a snapshot.
fn rendered(raw: &RawDescriptor, bytes: Vec<u8>) -> String {
    let heap = Heap::builder(Flavour::SPEAD_64_48).raw_descriptor(raw).unwrap().item(raw.id, bytes).build().unwrap();
    let harness = Harness::builder().build().unwrap();
    harness.sender(0).send_heap(&heap).unwrap();
    let text = harness.finish().to_string();
    text.lines().find(|line| line.starts_with("  0x2000 ")).expect("the item").to_owned()
}

/// A text is one string of numpy's, not one for each character, wherever in the element it stands.
#[rstest]
#[case::scalar("|S5", vec![], "Hello", b"Hello")]
#[case::padded("|S8", vec![], "Hello", b"Hello\0\0\0")]
#[case::empty("|S2", vec![], "", b"\0\0")]
#[case::single("|S1", vec![], "H", b"H")]
#[case::array_of_one("|S5", vec![1, 1], "Hello", b"Hello")]
#[case::little("<U2", vec![], "H", b"H\0\0\0\0\0\0\0")]
#[case::big(">U2", vec![], "Hé", b"\0\0\0H\0\0\0\xe9")]
fn a_text_is_one_string(#[case] dtype: &str, #[case] shape: Vec<usize>, #[case] text: &str, #[case] bytes: &[u8]) {
    let descriptor = describe().dtype(dtype).shape(shape.clone()).build().unwrap();
    let encoded = descriptor.encode(&Value::from(text)).unwrap();
    assert_eq!(encoded, bytes);
    assert_eq!(strings(&descriptor.decode(only(&item(encoded.to_vec()))).unwrap()), [text]);

    let number = Value::from(vec![7_u16]).with_shape(&shape).unwrap();
    let fields = [("name", Value::from(text)), ("x", number)];
    for (dtype, wanted) in [
        (format!("[('name', '{dtype}'), ('x', '>u2')]"), [bytes, &[0, 7]].concat()),
        (format!("[('x', '>u2'), ('name', '{dtype}')]"), [&[0, 7], bytes].concat()),
        (format!("[('name', '{dtype}', (1,)), ('x', '>u2')]"), [bytes, &[0, 7]].concat()),
    ] {
        let descriptor = describe().dtype(&dtype).shape(shape.clone()).build().unwrap();
        let encoded = descriptor.encode(&Value::record(fields.clone())).unwrap();
        assert_eq!(encoded, wanted, "{dtype}");
        let value = descriptor.decode(only(&item(encoded.to_vec()))).unwrap();
        assert_eq!(strings(value.field("name").unwrap()), [text], "{dtype}");
    }
}

/// Each string, whether numpy has it as `S` or as `U`.
fn strings(value: &Value) -> Vec<String> {
    let texts = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    value.to_texts().unwrap_or_else(|| value.byte_elements().unwrap().map(texts).collect())
}

#[test]
fn texts_that_do_not_go_with_their_strings() {
    let error = |dtype: &str, shape: &[usize], value: Value| {
        let descriptor = describe().dtype(dtype).shape(shape.to_vec()).build().unwrap();
        descriptor.encode(&value).unwrap_err().problem
    };
    for dtype in ["|S4", "<U4"] {
        assert_eq!(error(dtype, &[], "Hello".into()), ValueProblem::TooLong { index: 0, want: 4 });
        // One text, not five elements, even where there are as many.
        assert_eq!(error(dtype, &[5], "Hello".into()), ValueProblem::Count { want: [5].into(), found: 1 });
    }
    assert_eq!(
        error("|S1", &[], Value::byte_strings(&["a", "b"])),
        ValueProblem::Count { want: Shape::default(), found: 2 }
    );
    assert_eq!(error("<U1", &[], Value::texts(&["a", "b"])), ValueProblem::Count { want: Shape::default(), found: 2 });

    let array = |dtype: &str, value: Value| {
        let descriptor = describe().dtype(dtype).shape([3]).build().unwrap();
        let encoded = descriptor.encode(&value).unwrap();
        strings(&descriptor.decode(only(&item(encoded.to_vec()))).unwrap())
    };
    assert_eq!(array("|S4", Value::byte_strings(&["a", "", "abc"])), ["a", "", "abc"]);
    assert_eq!(array(">U4", Value::texts(&["a", "", "abc"])), ["a", "", "abc"]);
}

/// A value that stands in the heap as it does in memory is that memory; so is what is sent.
#[test]
fn memory_is_shared_where_it_can_be() {
    let numbers: Vec<i32> = (0..1000).collect();
    let place = numbers.as_ptr().cast::<u8>();
    let little = describe().dtype("<i4").shape([10, 100]).build().unwrap();
    let heap = Heap::builder(Flavour::SPEAD_64_48).value(&little, &Value::from(numbers.clone())).unwrap();
    let heap = heap.build().unwrap();
    let value = little.decode(only(&heap)).unwrap();
    assert_eq!(value.as_slice::<i32>().unwrap(), numbers);
    assert_eq!(value.as_slice::<i32>().unwrap().as_ptr().cast(), only(&heap).bytes().as_ptr());
    // `clone` above has moved the numbers that were sent, but not those of a value that is given away.
    let heap = Heap::builder(Flavour::SPEAD_64_48).value(&little, &Value::from(numbers)).unwrap().build().unwrap();
    assert_eq!(only(&heap).bytes().as_ptr(), place);

    let bytes = describe().format("i8").shape([None]).build().unwrap();
    let heap = item((0..100).collect());
    let value = bytes.decode(only(&heap)).unwrap();
    assert_eq!(value.as_slice::<i8>().unwrap().as_ptr().cast(), only(&heap).bytes().as_ptr());

    // Strings and bytes without meaning have no byte order.
    for dtype in ["|S4", "|V4"] {
        let descriptor = describe().dtype(dtype).shape([25]).build().unwrap();
        let value = descriptor.decode(only(&heap)).unwrap();
        assert_eq!(value.byte_elements().unwrap().nth(1).unwrap().as_ptr(), heap.items()[0].bytes()[4..].as_ptr());
        assert_eq!(descriptor.encode(&value).unwrap().as_ptr(), only(&heap).bytes().as_ptr());
    }

    let big = describe().dtype(">i4").shape([25]).build().unwrap();
    let value = big.decode(only(&heap)).unwrap();
    assert_ne!(value.as_slice::<i32>().unwrap().as_ptr().cast(), only(&heap).bytes().as_ptr());
    let mut reused = vec![-1];
    big.decode_into(only(&heap), &mut reused).unwrap();
    assert_eq!(reused[1..], *value.as_slice::<i32>().unwrap());
    assert!(big.decode_into::<u32>(only(&heap), &mut Vec::new()).is_err());
}

/// Widths and lengths around the blocks in which many fields are read at once.
#[test]
fn blocks_and_what_is_left_over() {
    for bits in 1..=24_u32 {
        for (code, offset) in [('u', 0), ('i', 1_i64 << (bits - 1))] {
            for length in [1, 7, 8, 9, 63, 64, 65, 79, 80, 81, 95, 96, 97, 4096, 4097] {
                let descriptor = describe().format(&format!("{code}{bits}")).shape([length]).build().unwrap();
                let numbers: Vec<i64> = (0..length).map(|at| (at as i64 * 7919 % (1 << bits)) - offset).collect();
                let bytes = descriptor.encode(&Value::from(numbers.clone())).unwrap();
                let value = descriptor.decode(only(&item(bytes.to_vec()))).unwrap();
                assert_eq!(value.to_vec::<i64>().unwrap(), numbers, "{code}{bits} × {length}");
            }
        }
    }
}
