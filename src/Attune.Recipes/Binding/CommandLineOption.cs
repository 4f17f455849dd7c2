namespace Attune.Recipes.Binding;

/// <summary>An option as the command line offers it; its value arrives as text.</summary>
/// <param name="Name"><c>--kl-coefficient</c></param>
/// <param name="Key">Path in the tree that is bound: <c>kl_coefficient</c>, <c>lora.rank</c>.</param>
/// <param name="TypeHint">NUMBER, INT, TEXT, true|false, a|b|c, or YAML for what only fits a flow list or mapping.</param>
/// <param name="Default">As it would be written; null where there is none to show.</param>
public sealed record CommandLineOption(string Name, string Key, string TypeHint, string? Default, OptionProperty Option)
{
    /// <summary>The description with the range and the default; the type hint names the words that are allowed.</summary>
    public string Help
    {
        get
        {
            List<string> facts = [];
            if (Option.Range is { } range)
            {
                facts.Add(range.ToString());
            }
            else if (Option.Shape is OptionShape.List { Item: OptionShape.Keyed })
            {
                facts.Add(Option.Shape.Expected);
            }

            if (Default is not null)
            {
                facts.Add($"default {Default}");
            }

            return facts.Count == 0 ? Option.Description : $"{Option.Description} ({string.Join("; ", facts)})";
        }
    }

    /// <summary>
    /// The given text as a node, to be put into the tree with <see cref="OptionNode.Mapping.Set(string, OptionNode)"/>: text options take
    /// it as it stands, lists of scalars may be written a,b,c.
    /// </summary>
    /// <exception cref="Core.ConfigurationException">It opens like YAML and is not.</exception>
    public OptionNode Read(string value)
    {
        var place = Place.Of(Name);
        return Option.Shape switch
        {
            OptionShape.Text => new OptionNode.Scalar(value, Plain: false, place),
            OptionShape.List { Item: OptionShape.Number or OptionShape.Text or OptionShape.Word or OptionShape.Switch }
                when !value.TrimStart().StartsWith('[') => new OptionNode.Sequence(
                [
                    .. value
                        .Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
                        .Select(item => new OptionNode.Scalar(item, Plain: false, place)),
                ],
                place
            ),
            _ => YamlReader.ReadValue(value, Name),
        };
    }

    internal static IEnumerable<CommandLineOption> Of(OptionSchema schema, object defaults, string path, string prefix)
    {
        foreach (var member in schema.Members)
        {
            var value = member.Property.GetValue(defaults);
            if (member.Flattened is { } flattened)
            {
                foreach (var option in Of(flattened, value ?? flattened.New(), path, prefix))
                {
                    yield return option;
                }
            }
            else if (member.Option!.Shape is OptionShape.Nested nested)
            {
                var below = prefix + member.Option.OptionName[2..] + "-";
                foreach (var option in Of(nested.Schema, value ?? nested.Schema.New(), $"{path}{member.Option.Key}.", below))
                {
                    yield return option;
                }
            }
            else
            {
                var option = member.Option;
                var written = value is null or "" || option.IsRequired ? null : RecipeWriter.Flow(option.Shape, value);
                yield return new(
                    prefix + option.OptionName[2..],
                    path + option.Key,
                    option.Shape.TypeHint,
                    written is "[]" or "{}" ? null : written,
                    option
                );
            }
        }
    }
}
