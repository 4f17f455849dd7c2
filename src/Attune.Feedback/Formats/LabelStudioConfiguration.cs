using System.Collections.Immutable;
using System.Xml;
using System.Xml.Linq;
using Attune.Core;

namespace Attune.Feedback.Formats;

/// <summary>A labelling configuration: which tags show which fields of the data, and which controls are about which tags.</summary>
internal sealed class LabelStudioConfiguration
{
    private readonly ImmutableArray<XElement> _tags;

    private LabelStudioConfiguration(ImmutableArray<XElement> tags) => _tags = tags;

    /// <exception cref="DataException">The file cannot be read.</exception>
    public static LabelStudioConfiguration Read(string path)
    {
        try
        {
            using var reader = XmlReader.Create(path, new XmlReaderSettings { DtdProcessing = DtdProcessing.Prohibit, XmlResolver = null });
            return new LabelStudioConfiguration([.. XDocument.Load(reader).Descendants()]);
        }
        catch (Exception problem) when (problem is XmlException or IOException or UnauthorizedAccessException)
        {
            throw new DataException($"{path}: not a labelling configuration of Label Studio: {problem.Message}");
        }
    }

    /// <summary>The names of the tags that a control is about.</summary>
    public ImmutableArray<string> Targets(string control) =>
        [.. (Attribute(control, "toName") ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)];

    /// <summary>The field of the data that a tag shows; null where it shows none.</summary>
    public string? Field(string tag) => Attribute(tag, "value") is { Length: > 1 } value && value[0] == '$' ? value[1..] : null;

    public string? Attribute(string tag, string name) =>
        (string?)_tags.FirstOrDefault(t => (string?)t.Attribute("name") == tag)?.Attribute(name);

    /// <summary>Whether there is such a control.</summary>
    public bool Has(string control) => _tags.Any(t => (string?)t.Attribute("name") == control && t.Attribute("toName") is not null);

    /// <summary>The fields that plain texts show, in order.</summary>
    public IEnumerable<string> TextFields =>
        _tags
            .Where(t => t.Name.LocalName is "Text" or "Header" or "HyperText")
            .Select(t => (string?)t.Attribute("value"))
            .OfType<string>()
            .Where(v => v.StartsWith('$'))
            .Select(v => v[1..]);
}
