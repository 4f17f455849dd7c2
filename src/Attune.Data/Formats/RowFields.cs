using System.Collections.Immutable;
using System.Text.Json;
using System.Text.RegularExpressions;
using Attune.Core.Conversations;
using Attune.Data.Sources;

namespace Attune.Data.Formats;

/// <summary>
/// The fields of one row while it is read. A getter that finds something wrong reports it and returns a value with which reading can
/// continue, so that one pass finds every error. A row with errors must not be used.
/// </summary>
/// <param name="row">A JSON object.</param>
/// <param name="report">Called for each error with the field and what is wrong with it; null where <see cref="Failure"/> is enough.</param>
/// <param name="texts">Whether numbers, flags and lists are spelt as texts, as in CSV.</param>
public sealed partial class RowFields(JsonElement row, Action<string, string>? report = null, bool texts = false)
{
    /// <summary>The first error; null where there is none.</summary>
    public (string Field, string Problem)? Failure { get; private set; }

    public bool Failed => Failure is not null;

    /// <summary>Why the row is left out although it is well formed; null where it is used.</summary>
    public string? DropReason { get; private set; }

    /// <summary>Whether the field is there and not null.</summary>
    public bool Has(string field) => Get(field).ValueKind is not (JsonValueKind.Undefined or JsonValueKind.Null);

    /// <summary>The field's value; of kind Undefined where it is absent.</summary>
    public JsonElement Get(string field) => row.TryGetProperty(field, out var value) ? value : default;

    /// <summary>The names of all fields, in the row's order.</summary>
    public IEnumerable<string> Names => row.EnumerateObject().Select(f => f.Name);

    /// <summary>Leaves the row out.</summary>
    /// <param name="reason">Completes "left out because ...".</param>
    public void Drop(string reason) => DropReason ??= reason;

    /// <summary>Parts of the row that are left out while the row itself is used, each by its reason.</summary>
    internal List<string> LeftOut { get; } = [];

    /// <summary>Fields within the row's values that are not read.</summary>
    internal HashSet<string> Unread { get; } = [];

    internal void NotUsed(string field) => Unread.Add(field);

    /// <summary>Whether calls of tools are read; else a row with one is left out.</summary>
    internal bool ReadsTools { get; set; }

    /// <summary>Reports an error.</summary>
    /// <param name="problem">What was found and what was expected: a sentence without its subject, the field.</param>
    public void Fail(string field, string problem)
    {
        // A row that is left out anyway is not an error too.
        if (DropReason is not null)
        {
            return;
        }

        Failure ??= (field, problem);
        report?.Invoke(field, problem);
    }

    public string Text(string field) => Text(Get(field), field);

    public string? TextOrNull(string field) => Has(field) ? Text(field) : null;

    /// <summary>A finite number; null where the field is absent or null.</summary>
    public double? NumberOrNull(string field) => Has(field) ? Number(Get(field), field) : null;

    public double Number(JsonElement value, string field)
    {
        if (NumberIn(value) is { } number)
        {
            return number;
        }

        Wrong(value, field, "a finite number");
        return 0;
    }

    /// <summary>The number a field holds; null where it holds something else, which is no error.</summary>
    internal double? NumberIn(string field) => NumberIn(Get(field));

    private double? NumberIn(JsonElement value) =>
        value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out var number) && double.IsFinite(number) ? number
        : Spelt(value) is { } text ? TextCell.TryNumber(text)
        : null;

    public int WholeNumber(JsonElement value, string field)
    {
        if (value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var number))
        {
            return number;
        }

        if (Spelt(value) is { } text && TextCell.TryWholeNumber(text) is { } spelt)
        {
            return spelt;
        }

        Wrong(value, field, "a whole number");
        return 0;
    }

    public bool Flag(string field)
    {
        var value = Get(field);
        if (value.ValueKind is JsonValueKind.True or JsonValueKind.False)
        {
            return value.GetBoolean();
        }

        if (Spelt(value) is { } text && TextCell.TryFlag(text) is { } spelt)
        {
            return spelt;
        }

        Wrong(value, field, "true or false");
        return false;
    }

    public ImmutableArray<JsonElement> List(string field)
    {
        var value = Spelt(Get(field)) is { } text ? TextCell.TryValue(text) ?? Get(field) : Get(field);
        if (value.ValueKind == JsonValueKind.Array)
        {
            return [.. value.EnumerateArray()];
        }

        Wrong(value, field, "a list");
        return [];
    }

    public ImmutableArray<string> Texts(string field) => [.. List(field).Select((value, index) => Text(value, $"{field}[{index}]"))];

    /// <summary>Whether the field holds a list, as conversations are written, or a single message.</summary>
    public bool IsConversation(string field) => Get(field).ValueKind == JsonValueKind.Array || MessageField.Fits(Get(field));

    /// <summary>Turns of a conversation, at least one.</summary>
    public ImmutableArray<Message> Messages(string field)
    {
        var value = Get(field);
        if (MessageField.Fits(value))
        {
            return [MessageField.Read(this, value, field)];
        }

        if (value.ValueKind != JsonValueKind.Array || value.GetArrayLength() == 0)
        {
            Wrong(value, field, "a list of messages, each with \"role\" and \"content\"");
            return [new Message(Role.User, "")];
        }

        return [.. value.EnumerateArray().Select((message, index) => MessageField.Read(this, message, $"{field}[{index}]"))];
    }

    public string Text(JsonElement value, string field)
    {
        if (value.ValueKind != JsonValueKind.String)
        {
            Wrong(value, field, "a text");
            return "";
        }

        try
        {
            return value.GetString()!;
        }
        catch (InvalidOperationException)
        {
            // JSON can spell half of a character (\ud83d without its partner), which no text can hold.
            Fail(field, "found half a character, a \\ud800 to \\udfff escape without its partner; expected whole characters.");
            return "";
        }
    }

    /// <summary>The text that may spell a value of another kind; null where values are what they are.</summary>
    private string? Spelt(JsonElement value) => texts && value.ValueKind == JsonValueKind.String ? Text(value, "") : null;

    /// <summary>Reports a value of the wrong kind. Nulls are what data sets have where they know nothing: such rows are left out.</summary>
    internal void Wrong(JsonElement value, string field, string expected)
    {
        if (value.ValueKind == JsonValueKind.Null)
        {
            Drop($"\"{WithoutPlaces(field)}\" is empty");
        }
        else
        {
            Fail(
                field,
                value.ValueKind == JsonValueKind.Undefined
                    ? $"missing; expected {expected}."
                    : $"found {ValueDescription.Of(value)}; expected {expected}."
            );
        }
    }

    /// <summary>A field's name without the places in lists, to count by.</summary>
    internal static string WithoutPlaces(string field) => Places().Replace(field, "[]");

    [GeneratedRegex(@"\[\d+\]")]
    private static partial Regex Places();
}
