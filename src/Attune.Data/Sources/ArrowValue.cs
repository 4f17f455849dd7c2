using System.Globalization;
using System.Text.Json;
using Apache.Arrow;
using Apache.Arrow.Types;
using Attune.Core;

namespace Attune.Data.Sources;

/// <summary>Arrow's values as JSON: times by ISO 8601; numbers that JSON cannot hold as texts; bytes as null.</summary>
internal static class ArrowValue
{
    private const long TicksPerDay = TimeSpan.TicksPerDay;

    /// <exception cref="DataException">The type is not read.</exception>
    public static void Write(Utf8JsonWriter json, IArrowArray values, int i)
    {
        if (values.IsNull(i))
        {
            json.WriteNullValue();
        }
        else if (!WriteText(json, values, i) && !WriteNumber(json, values, i) && !WriteTime(json, values, i))
        {
            WriteNested(json, values, i);
        }
    }

    private static bool WriteText(Utf8JsonWriter json, IArrowArray values, int i)
    {
        var text = values switch
        {
            StringArray array => array.GetString(i),
            LargeStringArray array => array.GetString(i),
            StringViewArray array => array.GetString(i),
            _ => null,
        };
        if (text is not null)
        {
            json.WriteStringValue(text);
        }

        return text is not null;
    }

    private static bool WriteNumber(Utf8JsonWriter json, IArrowArray values, int i)
    {
        switch (values)
        {
            case BooleanArray array:
                json.WriteBooleanValue(array.GetValue(i)!.Value);
                break;
            case Int64Array array:
                json.WriteNumberValue(array.Values[i]);
                break;
            case UInt64Array array:
                json.WriteNumberValue(array.Values[i]);
                break;
            case Int32Array array:
                json.WriteNumberValue(array.Values[i]);
                break;
            case UInt32Array array:
                json.WriteNumberValue(array.Values[i]);
                break;
            case Int16Array array:
                json.WriteNumberValue(array.Values[i]);
                break;
            case UInt16Array array:
                json.WriteNumberValue(array.Values[i]);
                break;
            case Int8Array array:
                json.WriteNumberValue(array.Values[i]);
                break;
            case UInt8Array array:
                json.WriteNumberValue(array.Values[i]);
                break;
            default:
                return WriteFraction(json, values, i);
        }

        return true;
    }

    private static bool WriteFraction(Utf8JsonWriter json, IArrowArray values, int i)
    {
        switch (values)
        {
            case DoubleArray array when double.IsFinite(array.Values[i]):
                json.WriteNumberValue(array.Values[i]);
                break;
            case FloatArray array when float.IsFinite(array.Values[i]):
                json.WriteNumberValue(array.Values[i]);
                break;
            case HalfFloatArray array when Half.IsFinite(array.Values[i]):
                json.WriteNumberValue((float)array.Values[i]);
                break;
            case DoubleArray array:
                json.WriteStringValue(array.Values[i].ToString(CultureInfo.InvariantCulture));
                break;
            case FloatArray array:
                json.WriteStringValue(array.Values[i].ToString(CultureInfo.InvariantCulture));
                break;
            case HalfFloatArray array:
                json.WriteStringValue(array.Values[i].ToString(CultureInfo.InvariantCulture));
                break;
            case Decimal128Array array:
                json.WriteRawValue(array.GetString(i)!);
                break;
            case Decimal256Array array:
                json.WriteRawValue(array.GetString(i)!);
                break;
            default:
                return false;
        }

        return true;
    }

    private static bool WriteTime(Utf8JsonWriter json, IArrowArray values, int i)
    {
        var text = values switch
        {
            Date32Array array => Day(array.Values[i]),
            Date64Array array => Day(array.Values[i] / 86_400_000),
            TimestampArray array => Instant(array.Values[i], (TimestampType)array.Data.DataType),
            Time32Array array => TimeOfDay(array.Values[i], ((Time32Type)array.Data.DataType).Unit),
            Time64Array array => TimeOfDay(array.Values[i], ((Time64Type)array.Data.DataType).Unit),
            _ => null,
        };
        if (text is not null)
        {
            json.WriteStringValue(text);
        }
        else if (values is DurationArray duration)
        {
            json.WriteNumberValue((double)duration.Values[i] / PerSecond(((DurationType)duration.Data.DataType).Unit));
            return true;
        }

        return text is not null;
    }

    private static void WriteNested(Utf8JsonWriter json, IArrowArray values, int i)
    {
        switch (values)
        {
            case DictionaryArray array:
                var index = Index(array.Indices, i);
                if (index < 0 || index >= array.Dictionary.Length)
                {
                    throw new InvalidDataException("a value points outside its dictionary");
                }

                Write(json, array.Dictionary, index);
                break;
            case ListArray array:
                WriteList(json, array.Values, array.ValueOffsets[i], array.ValueOffsets[i + 1]);
                break;
            case LargeListArray array:
                WriteList(json, array.Values, (int)array.ValueOffsets[i], (int)array.ValueOffsets[i + 1]);
                break;
            case FixedSizeListArray array:
                var size = ((FixedSizeListType)array.Data.DataType).ListSize;
                WriteList(json, array.Values, (array.Offset + i) * size, (array.Offset + i + 1) * size);
                break;
            case StructArray array:
                WriteFields(json, array, i);
                break;
            case ExtensionArray array:
                Write(json, array.Storage, i);
                break;
            case BinaryArray or LargeBinaryArray or BinaryViewArray or Apache.Arrow.Arrays.FixedSizeBinaryArray:
                json.WriteNullValue();
                break;
            default:
                throw new DataException($"found a column of type {values.Data.DataType.Name}, which is not read.");
        }
    }

    private static void WriteList(Utf8JsonWriter json, IArrowArray items, int start, int end)
    {
        json.WriteStartArray();
        for (var i = start; i < end; i++)
        {
            Write(json, items, i);
        }

        json.WriteEndArray();
    }

    private static void WriteFields(Utf8JsonWriter json, StructArray array, int i)
    {
        var names = ((StructType)array.Data.DataType).Fields;
        json.WriteStartObject();
        for (var field = 0; field < names.Count; field++)
        {
            json.WritePropertyName(names[field].Name);
            Write(json, array.Fields[field], i);
        }

        json.WriteEndObject();
    }

    private static int Index(IArrowArray indices, int i) =>
        indices switch
        {
            Int8Array array => array.Values[i],
            UInt8Array array => array.Values[i],
            Int16Array array => array.Values[i],
            UInt16Array array => array.Values[i],
            Int32Array array => array.Values[i],
            UInt32Array array => checked((int)array.Values[i]),
            Int64Array array => checked((int)array.Values[i]),
            UInt64Array array => checked((int)array.Values[i]),
            _ => throw new DataException($"found a dictionary of type {indices.Data.DataType.Name}, which is not read."),
        };

    private static long PerSecond(TimeUnit unit) =>
        unit switch
        {
            TimeUnit.Second => 1,
            TimeUnit.Millisecond => 1_000,
            TimeUnit.Microsecond => 1_000_000,
            _ => 1_000_000_000,
        };

    private static string Day(long days) =>
        DateTime.UnixEpoch.AddTicks(days * TicksPerDay).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);

    // As Python's isoformat: six digits of a second where there are any, nine where they are needed.
    private static string Instant(long value, TimestampType type)
    {
        var perSecond = PerSecond(type.Unit);
        var seconds = Math.DivRem(value, perSecond, out var rest);
        (seconds, rest) = rest < 0 ? (seconds - 1, rest + perSecond) : (seconds, rest);
        var whole = DateTime.UnixEpoch.AddSeconds(seconds).ToString("yyyy-MM-ddTHH:mm:ss", CultureInfo.InvariantCulture);
        return whole + Fraction(rest * (1_000_000_000 / perSecond)) + (string.IsNullOrEmpty(type.Timezone) ? "" : "+00:00");
    }

    private static string TimeOfDay(long value, TimeUnit unit)
    {
        var perSecond = PerSecond(unit);
        var whole = TimeSpan.FromSeconds(value / perSecond).ToString("hh\\:mm\\:ss", CultureInfo.InvariantCulture);
        return whole + Fraction(value % perSecond * (1_000_000_000 / perSecond));
    }

    private static string Fraction(long nanoseconds) =>
        nanoseconds == 0 ? ""
        : nanoseconds % 1_000 == 0 ? string.Create(CultureInfo.InvariantCulture, $".{nanoseconds / 1_000:D6}")
        : string.Create(CultureInfo.InvariantCulture, $".{nanoseconds:D9}");
}
