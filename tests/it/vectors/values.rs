//! Descriptors and values in the notation of the vectors, there and back.

use num_complex::Complex;
use serde_json::{Value as Json, json};
use spead_inproc::{
    Descriptor, Value,
    descriptor::{DescriptorBuilder, ElementType},
};
use support::vectors::{hex, list, number, size, text, to_hex, unsigned};

type Error = Box<dyn std::error::Error>;

/// The descriptor of a typed item.
pub(super) fn descriptor(item: &Json) -> Result<Descriptor, Error> {
    let word = |key: &str, default: &str| item[key].as_str().unwrap_or(default).to_owned();
    let dimension = |value: &Json| (!value.is_null()).then(|| size(value, 0));
    let shape: Vec<Option<usize>> = list(&item["shape"]).iter().map(dimension).collect();
    let id = unsigned(&item["id"], 0);
    let mut builder: DescriptorBuilder =
        Descriptor::new(id, word("name", "name"), word("description", "description")).shape(shape);
    if let Some(fields) = item["format"].as_array() {
        let field = |field: &Json| format!("{}{}", text(&field[0]), number(&field[1], 0));
        builder = builder.format(&fields.iter().map(field).collect::<Vec<_>>().join(" "));
    }
    if !item["dtype"].is_null() {
        builder = builder.dtype(&dtype(&item["dtype"]));
    }
    builder = match item["order"].as_str() {
        None | Some("C") => builder,
        Some("F") => builder.fortran_order(),
        Some(order) => return Err(format!("no order {order}").into()),
    };
    Ok(builder.build()?)
}

/// A numpy type as Python writes it.
pub(super) fn dtype(dtype: &Json) -> String {
    let Some(members) = dtype.as_array() else { return format!("'{}'", text(dtype)) };
    let members = members.iter().map(|member| {
        let sizes: Vec<_> = list(&member[2]).iter().map(|size| format!("{size},")).collect();
        let shape = if sizes.is_empty() { String::new() } else { format!(", ({})", sizes.concat()) };
        format!("('{}', {}{shape})", text(&member[0]), self::dtype(&member[1]))
    });
    format!("[{}]", members.collect::<Vec<_>>().join(", "))
}

/// An input value for an item.
pub(super) fn value(item: &Json) -> Result<Value, Error> {
    let value = &item["value"];
    let data = &value["data"];
    let dtype = if value["dtype"].is_array() { &value["dtype"] } else { &item["dtype"] };
    match value["kind"].as_str() {
        None => Err("no value".into()),
        Some("str") => Ok(Value::from(text(data))),
        Some("bytes") => Ok(Value::chars(hex(data))),
        Some("scalar" | "object") => elements(&[data], &[], dtype),
        Some("array") => {
            let shape: Vec<_> = list(&value["shape"]).iter().map(|dimension| size(dimension, 0)).collect();
            let data: Vec<_> = if shape.is_empty() { vec![data] } else { list(data).iter().collect() };
            elements(&data, &shape, dtype)
        }
        Some("list") => {
            let mut shape = Vec::new();
            let mut level = vec![data];
            for _ in 0..size(&value["depth"], 1) {
                let length = list(level[0]).len();
                if level.iter().any(|inner| list(inner).len() != length) {
                    return Err("ragged".into());
                }
                shape.push(length);
                level = level.into_iter().flat_map(list).collect();
            }
            elements(&level, &shape, dtype)
        }
        Some(kind) => Err(format!("no kind {kind}").into()),
    }
}

/// Elements in C order; lists are the fields of a record, which a structured type names and gives dimensions to.
fn elements(data: &[&Json], shape: &[usize], dtype: &Json) -> Result<Value, Error> {
    let shaped = |value: Value| value.with_shape(shape).map_err(|_| Error::from("wrong number of elements"));
    if let Some(fields) = data.first().and_then(|element| element.as_array()) {
        let field = |at: usize| {
            let member = &dtype[at];
            let name = member[0].as_str().map_or_else(|| format!("f{at}"), str::to_owned);
            let mut column: Vec<_> = data.iter().map(|element| &element[at]).collect();
            let mut shape = shape.to_vec();
            for dimension in list(&member[2]) {
                shape.push(size(dimension, 0));
                column = column.into_iter().flat_map(list).collect();
            }
            Ok((name, elements(&column, &shape, &member[1])?))
        };
        return Ok(Value::record((0..fields.len()).map(field).collect::<Result<Vec<_>, Error>>()?));
    }
    let kind = |prefix: &str| {
        !data.is_empty() && data.iter().all(|element| element.as_str().is_some_and(|text| text.starts_with(prefix)))
    };
    shaped(if kind("f32:") {
        Value::from(
            data.iter().map(|element| f32::from_bits(u32::try_from(bits(element)).unwrap())).collect::<Vec<_>>(),
        )
    } else if kind("f64:") {
        Value::from(data.iter().map(|element| f64::from_bits(bits(element))).collect::<Vec<_>>())
    } else if kind("c64:") {
        let part = |digits: &str| f32::from_bits(u32::from_str_radix(digits, 16).unwrap());
        let complex = |element: &&Json| {
            let (re, im) = text(element)[4..].split_once(',').unwrap();
            Complex::new(part(re), part(im))
        };
        Value::from(data.iter().map(complex).collect::<Vec<_>>())
    } else if kind("b:") {
        let bytes = |element: &&Json| hex(&json!(text(element)[2..]));
        Value::byte_strings(&data.iter().map(bytes).collect::<Vec<_>>())
    } else {
        let integer = |element: &&Json| element.as_bool().map_or_else(|| number(element, 0), i128::from);
        Value::from(data.iter().map(integer).collect::<Vec<_>>())
    })
}

fn bits(element: &Json) -> u64 {
    u64::from_str_radix(text(element).split_once(':').unwrap().1, 16).unwrap()
}

/// A value as the vectors expect it: text, or shape and elements.
pub(super) fn shown(value: &Value) -> Json {
    if let Some(text) = value.as_str() {
        return json!({"kind": "str", "data": text});
    }
    let data = shown_elements(value);
    let data = if value.shape().is_empty() { data[0].clone() } else { json!(data) };
    json!({"shape": value.shape(), "data": data})
}

fn shown_elements(value: &Value) -> Vec<Json> {
    macro_rules! each {
        ($type:ty, $show:expr) => {
            value.as_slice::<$type>().unwrap().iter().map($show).collect()
        };
    }
    match value.element_type() {
        ElementType::Bool => each!(bool, |value| json!(value)),
        ElementType::F16 => each!(half::f16, |value| json!(format!("f16:{:04x}", value.to_bits()))),
        ElementType::F32 => each!(f32, |value| json!(format!("f32:{:08x}", value.to_bits()))),
        ElementType::F64 => each!(f64, |value| json!(format!("f64:{:016x}", value.to_bits()))),
        ElementType::ComplexF32 => {
            each!(Complex<f32>, |value| { json!(format!("c64:{:08x},{:08x}", value.re.to_bits(), value.im.to_bits())) })
        }
        ElementType::ComplexF64 => each!(Complex<f64>, |value| {
            json!(format!("c128:{:016x},{:016x}", value.re.to_bits(), value.im.to_bits()))
        }),
        ElementType::Text(_) => value.to_texts().unwrap().iter().map(|text| json!(format!("s:{text}"))).collect(),
        ElementType::Char | ElementType::Bytes(_) | ElementType::Void(_) => {
            value.byte_elements().unwrap().map(|bytes| json!(format!("b:{}", to_hex(bytes)))).collect()
        }
        ElementType::Record => {
            let count = value.len();
            let columns: Vec<Vec<Json>> = value
                .fields()
                .map(|(_, field)| {
                    let inner = &field.shape()[value.shape().len()..];
                    let elements = shown_elements(field);
                    if inner.is_empty() {
                        return elements;
                    }
                    let each = elements.len() / count.max(1);
                    elements.chunks(each).map(|data| json!({"shape": inner, "data": data})).collect()
                })
                .collect();
            (0..count).map(|at| columns.iter().map(|column| column[at].clone()).collect()).collect()
        }
        _ => match value.to_vec::<i128>() {
            Some(integers) => integers.into_iter().map(integer).collect(),
            None => panic!("{value:?}"),
        },
    }
}

/// Integers beyond 2^53 are strings.
fn integer(value: i128) -> Json {
    if value.unsigned_abs() <= 1 << 53 { json!(i64::try_from(value).unwrap()) } else { json!(value.to_string()) }
}

/// What is expected, without what has no meaning here: the byte order that Python would keep.
pub(super) fn wanted(expect: &Json) -> Json {
    match text(&expect["kind"]) {
        "str" => json!({"kind": "str", "data": expect["data"]}),
        _ => {
            let shape = if expect["shape"].is_null() { json!([]) } else { expect["shape"].clone() };
            json!({"shape": shape, "data": expect["data"]})
        }
    }
}
