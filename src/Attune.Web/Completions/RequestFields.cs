using System.Collections.Immutable;
using System.Text.Json;
using Attune.Core;
using Microsoft.AspNetCore.Http;

namespace Attune.Web.Completions;

/// <summary>
/// The fields of a request. Fields that were never read are refused at the end, because silently ignoring a parameter would change the
/// meaning of the answers. Null counts as absent.
/// </summary>
internal sealed class RequestFields
{
    // Conversations nest a little; no valid request nests deeper than this.
    private const int Deepest = 32;

    private readonly JsonElement _body;
    private readonly HashSet<string> _known = new(StringComparer.Ordinal);

    private RequestFields(JsonElement body) => _body = body;

    public static async Task<RequestFields> ReadAsync(HttpContext context)
    {
        // Pages of other sites can send plain text without permission, but not JSON.
        if (!context.Request.HasJsonContentType())
        {
            throw new ApiRefusal(
                new ApiProblem(
                    StatusCodes.Status415UnsupportedMediaType,
                    $"The content type is '{context.Request.ContentType}'; expected application/json."
                )
            );
        }
        try
        {
            using var document = await JsonDocument.ParseAsync(
                context.Request.Body,
                new JsonDocumentOptions { MaxDepth = Deepest },
                context.RequestAborted
            );
            return document.RootElement.ValueKind == JsonValueKind.Object
                ? new RequestFields(document.RootElement.Clone())
                : throw new ApiRefusal("The body is not a JSON object.", null);
        }
        catch (JsonException problem)
        {
            throw new ApiRefusal($"The body is not JSON: {problem.Message}", null);
        }
    }

    public JsonElement? Any(string name)
    {
        _known.Add(name);
        return _body.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;
    }

    public double? Number(string name, double least, double most) =>
        Any(name) is not { } value ? null
        : value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out var number) && number >= least && number <= most ? number
        : throw Wrong(name, value, $"a number from {least} to {most}");

    public int? Whole(string name, int least, int most) =>
        Any(name) is not { } value ? null
        : value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var number) && number >= least && number <= most ? number
        : throw Wrong(name, value, most == int.MaxValue ? $"a whole number of at least {least}" : $"a whole number from {least} to {most}");

    public long? Long(string name) =>
        Any(name) is not { } value ? null
        : value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out var number) ? number
        : throw Wrong(name, value, "a whole number");

    public bool Flag(string name) =>
        Any(name) is { } value
        && (value.ValueKind is JsonValueKind.True or JsonValueKind.False ? value.GetBoolean() : throw Wrong(name, value, "true or false"));

    public string? Text(string name) =>
        Any(name) is not { } value ? null
        : value.ValueKind == JsonValueKind.String ? TextOf(name, value)
        : throw Wrong(name, value, "a string");

    /// <summary>One string or several.</summary>
    public ImmutableArray<string> Texts(string name, int most)
    {
        ImmutableArray<string> texts = Any(name) switch
        {
            null => [],
            { ValueKind: JsonValueKind.String } value => [TextOf(name, value)],
            { ValueKind: JsonValueKind.Array } value =>
            [
                .. value
                    .EnumerateArray()
                    .Select(v => v.ValueKind == JsonValueKind.String ? TextOf(name, v) : throw Wrong(name, v, "a string")),
            ],
            { } value => throw Wrong(name, value, "a string, or a list of strings"),
        };
        return texts.Length > most || texts.Contains("")
            ? throw new ApiRefusal($"'{name}' has {texts.Length} strings; expected at most {most}, none of them empty.", name)
            : texts;
    }

    /// <summary>Refuses a parameter that is not supported, except for values without an effect.</summary>
    public void Refuse(string name, params ReadOnlySpan<string> neutral)
    {
        if (Any(name) is { } value && !neutral.Contains(value.GetRawText().Replace(" ", "", StringComparison.Ordinal)))
        {
            throw new ApiRefusal(
                $"'{name}' is not supported; leave it out{(neutral.Length > 0 ? $" or set it to {neutral[0]}" : "")}.",
                name,
                "unsupported_parameter"
            );
        }
    }

    /// <summary>Accepts parameters that have no effect on the answer.</summary>
    public void Pass(params ReadOnlySpan<string> names)
    {
        foreach (var name in names)
        {
            _known.Add(name);
        }
    }

    /// <exception cref="ApiRefusal">There are unknown fields.</exception>
    public void RequireNothingElse()
    {
        if (_body.EnumerateObject().Select(p => p.Name).FirstOrDefault(n => !_known.Contains(n)) is { } name)
        {
            throw new ApiRefusal($"'{name}' is not a known parameter.{Suggestion.For(name, _known)}", name, "unknown_parameter");
        }
    }

    public static ApiRefusal Wrong(string name, JsonElement value, string expected)
    {
        var text = value.GetRawText();
        return new ApiRefusal($"'{name}' is {(text.Length > 60 ? text[..60] + "..." : text)}; expected {expected}.", name);
    }

    /// <exception cref="ApiRefusal">The string contains half of a surrogate pair.</exception>
    public static string TextOf(string name, JsonElement value)
    {
        try
        {
            return value.GetString()!;
        }
        catch (InvalidOperationException)
        {
            throw new ApiRefusal($"'{name}' is not well-formed text.", name);
        }
    }
}
