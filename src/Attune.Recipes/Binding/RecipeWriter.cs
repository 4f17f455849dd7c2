using System.Collections;
using System.Collections.Immutable;
using System.Diagnostics;
using System.Text;
using Attune.Core;

namespace Attune.Recipes.Binding;

/// <summary>
/// Writes options as a recipe: every key with its value, its description as a comment. Reading it back gives equal records.
/// </summary>
public static class RecipeWriter
{
    private const int LineWidth = 120;

    /// <exception cref="AttuneException">A value cannot be written: not a number, or text that is not valid Unicode.</exception>
    public static string Write(object record)
    {
        var text = new StringBuilder();
        WriteRecord(text, record, "");
        return text.Length == 0 ? "{}\n" : text.ToString();
    }

    /// <summary>A head record's keys, then the list <c>stages</c> of named records.</summary>
    /// <exception cref="AttuneException">A value cannot be written.</exception>
    public static string Write(object head, IEnumerable<KeyValuePair<string, object>> stages)
    {
        var text = new StringBuilder();
        WriteRecord(text, head, "");
        text.Append(OptionPath.Stages).Append(":\n");
        foreach (var (name, record) in stages)
        {
            WriteNamed(text, name, record, "  - ", "      ");
        }

        return text.ToString();
    }

    /// <summary>A value on one line.</summary>
    internal static string Flow(OptionShape shape, object? value) =>
        (shape, value) switch
        {
            (_, null) => "null",
            (OptionShape.Number, double.NaN) => throw new AttuneException(
                "an option is not a number (NaN); it cannot be written to a recipe."
            ),
            (OptionShape.Number, _) => ScalarText.Format(value),
            (OptionShape.Switch, bool given) => given ? "true" : "false",
            (OptionShape.Text, string text) => QuotedText.Of(text),
            (OptionShape.Word word, _) => word.Write(value),
            (OptionShape.NumberMap, IEnumerable<KeyValuePair<string, double>> map) => "{"
                + string.Join(", ", map.Select(p => $"{QuotedText.Of(p.Key)}: {Flow(new OptionShape.Number(typeof(double)), p.Value)}"))
                + "}",
            (OptionShape.List list, _) => "[" + string.Join(", ", Items(value).Select(item => Flow(list.Item, item))) + "]",
            (OptionShape.Nested, _) => "{" + string.Join(", ", FlowKeys(value)) + "}",
            (OptionShape.Variant or OptionShape.Keyed, _) => throw new UnreachableException(
                "records of several kinds are written in blocks"
            ),
            _ => throw new UnreachableException(),
        };

    /// <summary>The keys of a record that the command line shows as a default.</summary>
    private static IEnumerable<string> FlowKeys(object record) =>
        OptionSchema
            .Of(record.GetType())
            .Members.SelectMany(member =>
                member.Option is { } option ? [$"{option.Key}: {Flow(option.Shape, member.Property.GetValue(record))}"]
                : member.Property.GetValue(record) is { } flattened ? FlowKeys(flattened)
                : []
            );

    private static void WriteRecord(StringBuilder text, object record, string indent)
    {
        foreach (var member in OptionSchema.Of(record.GetType()).Members)
        {
            var value = member.Property.GetValue(record);
            if (member.Option is { } option)
            {
                WriteOption(text, option, value, indent);
            }
            else
            {
                WriteRecord(text, value ?? member.Flattened!.New(), indent);
            }
        }
    }

    private static void WriteOption(StringBuilder text, OptionProperty option, object? value, string indent)
    {
        switch (option.Shape)
        {
            case OptionShape.Nested or OptionShape.Keyed when value is not null && !IsEmpty(value):
                WriteLine(text, $"{indent}{option.Key}:", option.Description, indent);
                WriteRecord(text, value, indent + "  ");
                break;
            case OptionShape.Nested when value is not null:
                WriteLine(text, $"{indent}{option.Key}: {{}}", option.Description, indent);
                break;
            case OptionShape.Variant variant when value is not null:
                WriteLine(text, $"{indent}{option.Key}:", option.Description, indent);
                WriteNamed(text, NameOf(variant, value), value, indent + "  ", indent + "    ");
                break;
            case OptionShape.List { Item: OptionShape.Nested or OptionShape.Variant or OptionShape.Keyed } list
                when value is not null && Items(value).Any():
                WriteLine(text, $"{indent}{option.Key}:", option.Description, indent);
                WriteItems(text, list, value, indent);
                break;
            default:
                WriteLine(text, $"{indent}{option.Key}: {Flow(option.Shape, value)}", option.Description, indent);
                break;
        }
    }

    private static void WriteItems(StringBuilder text, OptionShape.List list, object value, string indent)
    {
        foreach (var item in Items(value))
        {
            if (list.Item is OptionShape.Variant variant)
            {
                WriteNamed(text, NameOf(variant, item), item, indent + "  - ", indent + "      ");
                continue;
            }

            if (IsEmpty(item))
            {
                text.Append(indent).Append("  - {}\n");
                continue;
            }

            var block = new StringBuilder();
            WriteRecord(block, item, indent + "    ");
            text.Append(indent).Append("  - ").Append(block, indent.Length + 4, block.Length - indent.Length - 4);
        }
    }

    private static void WriteNamed(StringBuilder text, string name, object record, string lead, string indent)
    {
        text.Append(lead).Append(name).Append(IsEmpty(record) ? ": {}\n" : ":\n");
        WriteRecord(text, record, indent);
    }

    private static void WriteLine(StringBuilder text, string line, string description, string indent)
    {
        if (description.Length == 0)
        {
            text.Append(line).Append('\n');
        }
        else if (line.Length + 3 + description.Length <= LineWidth)
        {
            text.Append(line).Append("  # ").Append(description).Append('\n');
        }
        else
        {
            text.Append(indent).Append("# ").Append(description).Append('\n').Append(line).Append('\n');
        }
    }

    private static bool IsEmpty(object record) => OptionSchema.Of(record.GetType()).Options.IsEmpty;

    private static string NameOf(OptionShape.Variant variant, object record) =>
        variant.Cases.FirstOrDefault(c => c.Record == record.GetType())?.Key
        ?? throw new InvariantException($"{record.GetType().Name} is none of the variants {string.Join(", ", variant.Names)}.");

    // An ImmutableArray that was never set counts as empty.
    private static IEnumerable<object> Items(object list) =>
        list.GetType() is { IsValueType: true } type
        && type.GetProperty(nameof(ImmutableArray<int>.IsDefault)) is { } isDefault
        && (bool)isDefault.GetValue(list)!
            ? []
            : ((IEnumerable)list).Cast<object>();
}
