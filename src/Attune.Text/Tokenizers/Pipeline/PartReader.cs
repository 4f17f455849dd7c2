using System.Text.Json.Nodes;
using Attune.Core;
using Attune.Text.Files;

namespace Attune.Text.Tokenizers.Pipeline;

/// <summary>Reads the parts of a <c>tokenizer.json</c>; each problem is one message with the file's name.</summary>
internal sealed class PartReader(string path)
{
    public JsonObject Part(JsonNode? node, string what) =>
        node as JsonObject ?? throw new ModelFileException($"{path}: {what} is {Short(node)}; expected an object with a \"type\".");

    public IEnumerable<JsonObject> Parts(JsonObject part, string name) => List(part, name).Select(p => Part(p, name));

    public JsonArray List(JsonObject part, string name) =>
        part[name] as JsonArray ?? throw new ModelFileException($"{path}: {name} of {Name(part)} is {Short(part[name])}; expected a list.");

    public bool Flag(JsonObject part, string name, bool otherwise) =>
        part[name] is not { } node
            ? otherwise
            : JsonFile.Flag(node)
                ?? throw new ModelFileException($"{path}: {name} of {Name(part)} is {Short(node)}; expected true or false.");

    public string Text(JsonObject part, string name) =>
        JsonFile.Token(part[name])
        ?? throw new ModelFileException($"{path}: {name} of {Name(part)} is {Short(part[name])}; expected a text.");

    public string? TextOrNothing(JsonObject part, string name) => part[name] is null ? null : Text(part, name);

    public int Number(JsonObject part, string name, int otherwise) =>
        part[name] is not { } node
            ? otherwise
            : JsonFile.Number(node)
                ?? throw new ModelFileException($"{path}: {name} of {Name(part)} is {Short(node)}; expected a whole number.");

    public ModelFileException Unknown(JsonObject part, string what, string known) =>
        new($"{path}: a {what} of type {JsonFile.Type(part) ?? "none"} is not known; expected one of {known}.");

    public ModelFileException Wrong(string what) => new($"{path}: {what}");

    private static string Name(JsonObject part) => JsonFile.Type(part) ?? "a part without a type";

    private static string Short(JsonNode? node)
    {
        var text = node?.ToJsonString() ?? "absent";
        return text.Length > 60 ? text[..60] + "..." : text;
    }
}
