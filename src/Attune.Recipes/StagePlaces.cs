using System.Globalization;

namespace Attune.Recipes;

/// <summary>What a recipe's stages are called in a run, and where in its folder they work.</summary>
internal sealed class StagePlaces(Recipe recipe, string folder)
{
    public int Count => recipe.Stages.Length;

    /// <summary>The run folder itself where there is only one.</summary>
    public string Folder(int index) => Count == 1 ? folder : Path.Combine(folder, Name(index));

    public string FolderOf(string name) => Folder(Enumerable.Range(0, Count).First(i => Name(i) == name));

    /// <summary>Its kind, numbered where a kind comes twice.</summary>
    public string Name(int index) => Numbered(recipe.Stages[index].Kind, "-", index);

    /// <summary>The same for readers.</summary>
    public string Title(int index) => Numbered(recipe.Stages[index].Title, " ", index);

    public bool IsFinished(int index) => File.Exists(Path.Combine(Folder(index), Run.DoneFile));

    public bool HasBegun(int index) => Count > 1 ? Directory.Exists(Folder(index)) : File.Exists(Path.Combine(folder, "events.jsonl"));

    private string Numbered(string text, string gap, int index)
    {
        var earlier = recipe.Stages.Take(index).Count(s => s.Kind == recipe.Stages[index].Kind);
        return earlier == 0 ? text : string.Create(CultureInfo.InvariantCulture, $"{text}{gap}{earlier + 1}");
    }
}
