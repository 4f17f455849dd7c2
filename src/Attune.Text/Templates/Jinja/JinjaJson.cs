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

    /// <summary>How it is laid out: the arguments that transformers' <c>tojson</c> takes, in their order.</summary>
    /// <param name="Ascii">Other letters as \u and four digits.</param>
    /// <param name="Indent">What a level is indented by; null for one line.</param>
    private sealed record Layout(bool Ascii, string? Indent, string Between, string Colon, bool Sorted);

    /// <param name="a">ensure_ascii, indent, separators, sort_keys.</param>
    public static string Write(object? value, JinjaArguments a, JinjaBudget budget)
    {
        var indent = a.Get(1, "indent") switch
        {
            null => null,
            string text => text,
            long and >= 0 and <= 100 and var width => new string(' ', (int)width),
            var other => throw new JinjaException($"tojson is indented by {JinjaValues.Text(other)}; expected 0 to 100 spaces"),
        };
        var (between, colon) = a.Get(2, "separators") switch
        {
            null => (indent is null ? ", " : ",", ": "),
            JinjaList { Items: [string first, string second] } => (first, second),
            _ => throw new JinjaException("tojson takes two texts as separators"),
        };
        var layout = new Layout(
            JinjaValues.Truth(a.Get(0, "ensure_ascii", false)),
            indent,
            between,
            colon,
            JinjaValues.Truth(a.Get(3, "sort_keys", false))
        );
        var result = new StringBuilder();
        Write(result, value, layout, 0);
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

    private static void Write(StringBuilder into, object? value, Layout layout, int depth)
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
                Quote(into, text, layout.Ascii);
                break;
            case long or double:
                into.Append(JinjaValues.Text(value));
                break;
            case JinjaList { Range: null } list:
                Between(into, '[', ']', list.Items, layout, depth, item => Write(into, item, layout, depth + 1));
                break;
            case JinjaDict dict:
                WriteDict(into, dict, layout, depth);
                break;
            default:
                throw new JinjaException($"tojson cannot write {JinjaValues.TypeOf(value)}");
        }
    }

    private static void WriteDict(StringBuilder into, JinjaDict dict, Layout layout, int depth)
    {
        IEnumerable<object> keys = layout.Sorted ? dict.KeysInOrder.Order(Comparer<object>.Create(JinjaValues.Compare)) : dict.KeysInOrder;
        Between(
            into,
            '{',
            '}',
            [.. keys],
            layout,
            depth,
            key =>
            {
                Quote(into, NameOf(key!), layout.Ascii);
                into.Append(layout.Colon);
                Write(into, dict[key!], layout, depth + 1);
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
        Layout layout,
        int depth,
        Action<object?> write
    )
    {
        into.Append(open);
        for (var i = 0; i < items.Count; i++)
        {
            into.Append(i == 0 ? "" : layout.Between);
            if (layout.Indent is { } inner)
            {
                into.Append('\n').Insert(into.Length, inner, depth + 1);
            }
            write(items[i]);
        }

        if (layout.Indent is { } outer && items.Count > 0)
        {
            into.Append('\n').Insert(into.Length, outer, depth);
        }
        into.Append(close);
    }

    private static void Quote(StringBuilder into, string text, bool ascii)
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
                case > '~' when ascii && character != '\u007F':
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
