using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;

namespace Attune.Text.Templates.Jinja;

/// <summary>
/// JSON as Python's <c>json.dumps</c> writes it, which is what models saw: spaces after ':' and ',', letters as they are.
/// </summary>
internal static class JinjaJson
{
    private const int Deepest = 60;

    /// <param name="indent">Spaces a level; null for one line.</param>
    public static string Write(object? value, int? indent, bool sorted, JinjaBudget budget)
    {
        var result = new StringBuilder();
        Write(result, value, indent, sorted, 0);
        return budget.Made(result.ToString());
    }

    /// <summary>JSON as values of a template.</summary>
    public static object? Read(JsonNode? node) =>
        node switch
        {
            null => null,
            JsonArray list => new JinjaList([.. list.Select(Read)]),
            JsonObject dict => new JinjaDict(dict.Select(p => KeyValuePair.Create((object)p.Key, Read(p.Value)))),
            JsonValue value when value.TryGetValue<bool>(out var flag) => flag,
            JsonValue value when value.TryGetValue<long>(out var whole) => whole,
            JsonValue value when value.TryGetValue<double>(out var number) => number,
            _ => node.GetValue<string>(),
        };

    private static void Write(StringBuilder into, object? value, int? indent, bool sorted, int depth)
    {
        JinjaBudget.Tick();
        if (depth > Deepest)
        {
            throw new JinjaException("tojson was given a value nested too deep");
        }
        switch (value)
        {
            case null:
                into.Append("null");
                break;
            case bool flag:
                into.Append(flag ? "true" : "false");
                break;
            case string text:
                Quote(into, text);
                break;
            case long or double:
                into.Append(JinjaValues.Text(value));
                break;
            case JinjaList list:
                Between(into, '[', ']', list.Items, indent, depth, item => Write(into, item, indent, sorted, depth + 1));
                break;
            case JinjaDict dict:
                WriteDict(into, dict, indent, sorted, depth);
                break;
            default:
                throw new JinjaException($"tojson cannot write {JinjaValues.TypeOf(value)}");
        }
    }

    private static void WriteDict(StringBuilder into, JinjaDict dict, int? indent, bool sorted, int depth)
    {
        IEnumerable<object> keys = sorted ? dict.KeysInOrder.Order(Comparer<object>.Create(JinjaValues.Compare)) : dict.KeysInOrder;
        Between(
            into,
            '{',
            '}',
            [.. keys],
            indent,
            depth,
            key =>
            {
                Quote(into, NameOf(key!));
                into.Append(": ");
                Write(into, dict[key!], indent, sorted, depth + 1);
            }
        );
    }

    private static string NameOf(object key) =>
        key switch
        {
            string text => text,
            true => "true",
            false => "false",
            _ => JinjaValues.Text(key),
        };

    private static void Between(
        StringBuilder into,
        char open,
        char close,
        IReadOnlyList<object?> items,
        int? indent,
        int depth,
        Action<object?> write
    )
    {
        into.Append(open);
        for (var i = 0; i < items.Count; i++)
        {
            into.Append(
                i == 0 ? ""
                : indent is null ? ", "
                : ","
            );
            if (indent is { } spaces)
            {
                into.Append('\n').Append(' ', spaces * (depth + 1));
            }
            write(items[i]);
        }

        if (indent is { } outer && items.Count > 0)
        {
            into.Append('\n').Append(' ', outer * depth);
        }
        into.Append(close);
    }

    private static void Quote(StringBuilder into, string text)
    {
        into.Append('"');
        foreach (var character in text)
        {
            switch (character)
            {
                case '"':
                    into.Append("\\\"");
                    break;
                case '\\':
                    into.Append("\\\\");
                    break;
                case '\n':
                    into.Append("\\n");
                    break;
                case '\r':
                    into.Append("\\r");
                    break;
                case '\t':
                    into.Append("\\t");
                    break;
                case '\b':
                    into.Append("\\b");
                    break;
                case '\f':
                    into.Append("\\f");
                    break;
                case < ' ':
                    into.Append(CultureInfo.InvariantCulture, $"\\u{(int)character:x4}");
                    break;
                default:
                    into.Append(character);
                    break;
            }
        }

        into.Append('"');
    }
}
