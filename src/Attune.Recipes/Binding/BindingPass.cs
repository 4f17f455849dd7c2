using System.Collections;
using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Text.Json;
using Attune.Core;

namespace Attune.Recipes.Binding;

/// <summary>One walk over a tree of options beside the schema of the record it fills.</summary>
internal sealed partial class BindingPass(Func<Type, string, object?>? presets, ConfigurationProblems problems)
{
    /// <param name="place">Where to complain about missing keys.</param>
    /// <param name="start">Values to begin with; null for the type's defaults, and then required keys are required.</param>
    public object Fill(OptionSchema schema, OptionNode.Mapping node, string path, Place place, object? start)
    {
        var known = schema.Options.Select(o => o.Key).ToArray();
        foreach (var entry in node.Entries.Where(e => !known.Contains(e.Key)))
        {
            if (schema.Options.FirstOrDefault(o => o.FormerKeys.Contains(entry.Key)) is { } renamed)
            {
                problems.Add(entry.Place, $"{Join(path, entry.Key)} is now called {Join(path, renamed.Key)}. Write {renamed.Key} instead.");
                continue;
            }

            // A path such as pppo.kl_coefficient misses a stage, not a key of the recipe.
            var near = known.Concat(
                schema
                    .Options.Where(o => o.Key == OptionPath.Stages)
                    .SelectMany(o => (o.Shape as OptionShape.List)?.Item is OptionShape.Variant v ? v.Names : [])
            );
            problems.Add(entry.Place, $"{Join(path, entry.Key)} is not a key here.{Nearest(entry.Key, near)}");
        }

        return FillLevel(schema, node, path, place, start);
    }

    private static string Nearest(string key, IEnumerable<string> known) =>
        NamesElsewhere.For(key, known) is { Length: > 0 } other ? other : Suggestion.For(key, known);

    private object FillLevel(OptionSchema schema, OptionNode.Mapping node, string path, Place place, object? start)
    {
        var before = problems.Count;
        var preset = StartFromPreset(schema, node, path, start);
        var mustHave = preset is null && start is null;
        var record = (preset ?? start) is { } values ? OptionSchema.Copy(values) : schema.New();
        foreach (var (property, option, flattened) in schema.Members)
        {
            var value = property.GetValue(record);
            if (flattened is not null)
            {
                property.SetValue(record, FillLevel(flattened, node, path, place, value));
            }
            else if (node.Find(option!.Key) is { } entry)
            {
                if (TryRead(option, entry, Join(path, option.Key), value, out var read))
                {
                    property.SetValue(record, read);
                }
            }
            else if (mustHave && option.IsRequired)
            {
                Missing(option, path, place);
            }
            else
            {
                CheckDefault(option, value, Join(path, option.Key), place);
            }
        }

        if (problems.Count == before)
        {
            CheckWhole(record, node, path, place);
        }

        return record;
    }

    private void Missing(OptionProperty option, string path, Place place)
    {
        var name = place == Place.CommandLine ? option.OptionName : Join(path, option.Key);
        problems.Add(place, $"{name} is missing and has no default{(option.Description.Length > 0 ? $" ({option.Description})" : "")}.");
    }

    private object? StartFromPreset(OptionSchema schema, OptionNode.Mapping node, string path, object? start)
    {
        if (schema.Preset is not { } option)
        {
            return null;
        }

        var given = node.Find(option.Key);
        var name = given is not null
            ? (given.Value as OptionNode.Scalar) is { IsNull: false } scalar
                ? scalar.Text
                : null
            : (string?)option.Property.GetValue(start ?? schema.New());
        if (name is null)
        {
            return null;
        }

        var place = given?.Place ?? node.Place;
        try
        {
            if (presets?.Invoke(schema.Record, name) is { } values)
            {
                return values;
            }

            problems.Add(place, $"{Subject(place, Join(path, option.Key))} is {ScalarText.Shown(name)}, and there is no such preset.");
        }
        catch (ConfigurationException problem)
        {
            foreach (var text in problem.Problems)
            {
                problems.Add(place, $"{Subject(place, Join(path, option.Key))} is {ScalarText.Shown(name)}: {text}");
            }
        }

        return null;
    }

    private void CheckDefault(OptionProperty option, object? value, string path, Place place)
    {
        CheckRange(option, value, path, place);
        if (option.Shape is OptionShape.Nested nested && value is not null)
        {
            Fill(nested.Schema, OptionNode.Mapping.Empty(place), path, place, value);
        }
    }

    private void CheckRange(OptionProperty option, object? value, string subject, Place place)
    {
        if (option.Range is not { } range || value is null)
        {
            return;
        }

        foreach (
            var number in value is IEnumerable list and not string
                ? list.Cast<object>().Where(n => n is int or long or ulong or double)
                : [value]
        )
        {
            if (!range.Contains(Convert.ToDouble(number, CultureInfo.InvariantCulture)))
            {
                problems.Add(place, $"{subject} is {ScalarText.Format(number)}; expected {range}.");
            }
        }
    }

    // Rules between keys: a record that has some says them itself.
    private void CheckWhole(object record, OptionNode.Mapping node, string path, Place place)
    {
        if (record is not IValidatableObject rules)
        {
            return;
        }

        foreach (var broken in rules.Validate(new ValidationContext(record)))
        {
            var keys = broken.MemberNames.Select(JsonNamingPolicy.SnakeCaseLower.ConvertName);
            var entry = keys.Select(node.Find).FirstOrDefault(e => e is not null);
            problems.Add(entry?.Place ?? place, (path.Length > 0 ? path + ": " : "") + broken.ErrorMessage);
        }
    }

    private static string Join(string path, string key) => path.Length == 0 ? key : $"{path}.{key}";

    // An option that stands on the command line under its own name is called by it.
    private static string Subject(Place place, string path) =>
        place.Line == 0
        && place.Source.StartsWith("--", StringComparison.Ordinal)
        && ("-" + path.Replace('.', '-').Replace('_', '-')).EndsWith(place.Source[1..], StringComparison.Ordinal)
            ? place.Source
            : path;
}
