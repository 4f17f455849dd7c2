using System.Collections.Immutable;
using System.Globalization;
using Attune.Core;
using Attune.Core.Files;
using Attune.Core.Runs;
using Attune.Recipes.Binding;
using Attune.Recipes.Running;

namespace Attune.Recipes;

/// <summary>A run that goes on: by another recipe where only lengths and bookkeeping differ, or from an earlier checkpoint.</summary>
public static class ContinuedRun
{
    /// <summary>How long a stage trains: more of it goes on where the stage ended.</summary>
    private static readonly ImmutableHashSet<string> Lengths = ["epochs", "max_steps", "total_episodes", "rounds"];

    /// <summary>What changes nothing that was computed so far.</summary>
    private static readonly ImmutableHashSet<string> Bookkeeping =
    [
        "name",
        "tracking",
        "checkpoint_every",
        "keep_checkpoints",
        "stop_on_divergence",
        "evaluate_every",
    ];

    /// <summary>Keys whose values differ, by their paths: <c>sft.learning_rate: 2e-5 in the run, 1e-5 now</c>.</summary>
    public static ImmutableArray<string> Differences(Recipe run, Recipe now) =>
        [.. Changed(run, now).Select(c => $"{c.Key}: {c.Before ?? "absent"} in the run, {c.Now ?? "absent"} now")];

    /// <summary>Makes a run folder ready to go on by a recipe.</summary>
    /// <param name="from">Updates of the checkpoint to go on from; null for the newest.</param>
    /// <returns>Remarks: what goes on otherwise than it began.</returns>
    /// <exception cref="AttuneException">The recipe is another one, or there is no such checkpoint.</exception>
    public static IReadOnlyList<string> Prepare(string folder, Recipe recipe, long? from)
    {
        var file = new RunFolder(folder).RecipeFile;
        var before = Recipe.Bind(RecipeFile.Read(file));
        var changes = Changed(before, recipe).ToArray();
        if (changes.Any(c => !Lengths.Contains(c.Name) && !Bookkeeping.Contains(c.Name)))
        {
            throw new AttuneException(
                $"{file} differs from the recipe given now:\n"
                    + string.Concat(Differences(before, recipe).Select(d => $"  {d}\n"))
                    + $"A run is resumed with the same values, except for {string.Join(", ", Lengths.Order())} and what only says how "
                    + "often something is written. Choose another --out for a new run."
            );
        }

        using var guard = RunLock.Take(folder);
        var places = new StagePlaces(recipe, folder);
        foreach (var stage in changes.Where(c => Lengths.Contains(c.Name)).Select(c => c.Stage).Distinct())
        {
            Reopen(folder, places, stage);
        }

        if (from is { } updates)
        {
            GoBack(folder, places, updates);
        }

        AtomicFile.WriteText(file, RecipeWriter.Write(recipe));
        return [.. changes.Select(c => $"{c.Key} is {c.Now} now; it was {c.Before}. A schedule that depends on it changes from here on")];
    }

    private static IEnumerable<Change> Changed(Recipe run, Recipe now)
    {
        var (before, after) = (Flat(run), Flat(now));
        foreach (var key in before.Keys.Union(after.Keys).Order(StringComparer.Ordinal))
        {
            var (left, right) = (before.GetValueOrDefault(key), after.GetValueOrDefault(key));
            if (left.Text != right.Text)
            {
                yield return new(key, (left.Text is null ? right : left).Stage, left.Text, right.Text);
            }
        }
    }

    private static Dictionary<string, (string? Text, int Stage)> Flat(Recipe recipe)
    {
        var values = new Dictionary<string, (string?, int)>();
        var places = new StagePlaces(recipe, "");
        foreach (var entry in RecipeFile.Parse(RecipeWriter.Write(recipe), "recipe.yaml").Entries)
        {
            if (entry is { Key: OptionPath.Stages, Value: OptionNode.Sequence stages })
            {
                for (var i = 0; i < stages.Items.Length; i++)
                {
                    Add(places.Name(i), ((OptionNode.Mapping)stages.Items[i]).Entries[0].Value, i);
                }
            }
            else
            {
                Add(entry.Key, entry.Value, -1);
            }
        }

        return values;

        void Add(string path, OptionNode node, int stage)
        {
            if (node is OptionNode.Mapping { Entries.IsEmpty: false } mapping)
            {
                foreach (var entry in mapping.Entries)
                {
                    Add($"{path}.{entry.Key}", entry.Value, stage);
                }
            }
            else
            {
                values[path] = (Shown(node), stage);
            }
        }
    }

    private static string Shown(OptionNode node) =>
        node switch
        {
            OptionNode.Scalar scalar => scalar.Text,
            OptionNode.Sequence list => $"[{string.Join(", ", list.Items.Select(Shown))}]",
            OptionNode.Mapping map => "{" + string.Join(", ", map.Entries.Select(e => $"{e.Key}: {Shown(e.Value)}")) + "}",
            _ => "",
        };

    /// <summary>A stage that ended goes on: what it made is made again.</summary>
    private static void Reopen(string folder, StagePlaces places, int stage)
    {
        if (stage < 0 || !places.IsFinished(stage))
        {
            return;
        }

        if (Enumerable.Range(stage + 1, places.Count - stage - 1).FirstOrDefault(places.HasBegun) is > 0 and var later)
        {
            throw new AttuneException(
                $"{places.Name(stage)} cannot be trained longer: {places.Name(later)} has begun from what it made. Choose another --out."
            );
        }

        File.Delete(Path.Combine(places.Folder(stage), Run.DoneFile));
        foreach (var root in new[] { places.Folder(stage), folder }.Distinct())
        {
            var depth = root == folder && places.Count > 1 ? SearchOption.TopDirectoryOnly : SearchOption.AllDirectories;
            foreach (var made in Directory.GetDirectories(root, "final", depth))
            {
                Directory.Delete(made, recursive: true);
            }
        }
    }

    /// <summary>Sets later checkpoints of the last stage that has begun aside, so that the chosen one is the newest.</summary>
    private static void GoBack(string folder, StagePlaces places, long updates)
    {
        var stage = Enumerable.Range(0, places.Count).LastOrDefault(places.HasBegun);
        var run = new RunFolder(places.Folder(stage));
        var there = run.Checkpoints();
        if (!there.Contains(updates))
        {
            string[] names = [.. there.Select(c => Path.GetFileName(run.CheckpointFolder(c)))];
            throw new AttuneException(
                string.Create(CultureInfo.InvariantCulture, $"{run.Path} has no checkpoint-{updates}; there are ")
                    + $"{string.Join(", ", names.DefaultIfEmpty("none"))}. "
                    + "keep_checkpoints says how many are kept."
            );
        }

        Reopen(folder, places, stage);
        foreach (var later in there.Where(c => c > updates))
        {
            var aside = Path.Combine(run.Path, "set-aside-" + Path.GetFileName(run.CheckpointFolder(later)));
            if (Directory.Exists(aside))
            {
                Directory.Delete(aside, recursive: true);
            }

            Directory.Move(run.CheckpointFolder(later), aside);
        }
    }

    private sealed record Change(string Key, int Stage, string? Before, string? Now)
    {
        public string Name => Key[(Key.LastIndexOf('.') + 1)..];
    }
}
