using System.Globalization;
using System.Text.Json;
using Attune.Core.Files;
using Attune.Data.Encoding;
using Attune.Methods.Policy.Online;
using Attune.Training.Rewards;

namespace Attune.Recipes.Running;

/// <summary>The reward models of an online run as folders <c>reward-1</c>, <c>reward-2</c>, ... of its stage.</summary>
internal sealed class RewardVersions(string stageFolder, Encoder encoder) : IRewardVersions
{
    private const string FiguresFile = "figures.json";

    public string Folder(int refresh) => Path.Combine(stageFolder, string.Create(CultureInfo.InvariantCulture, $"reward-{refresh + 1}"));

    public bool Has(int refresh) => Directory.Exists(Folder(refresh));

    /// <summary>A folder that exists is complete: it is written under another name and renamed.</summary>
    public void Save(int refresh, RewardModel model, IReadOnlyDictionary<string, double> figures)
    {
        var temporary = Folder(refresh) + ".unfinished";
        model.Save(temporary);
        encoder.Save(temporary);
        AtomicFile.WriteText(Path.Combine(temporary, FiguresFile), JsonSerializer.Serialize(figures));
        Directory.Move(temporary, Folder(refresh));
    }

    public RewardModel Load(int refresh) => RewardModel.Load(Folder(refresh));

    public async ValueTask<IReadOnlyDictionary<string, double>> FiguresAsync(int refresh, CancellationToken cancel) =>
        JsonSerializer.Deserialize<Dictionary<string, double>>(
            await File.ReadAllTextAsync(Path.Combine(Folder(refresh), FiguresFile), cancel)
        )!;
}
