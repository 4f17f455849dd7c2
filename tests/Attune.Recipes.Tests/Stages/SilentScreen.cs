using Attune.Core.Runs;
using Attune.Recipes.Running;

namespace Attune.Recipes.Tests.Stages;

/// <summary>Nobody watches.</summary>
internal sealed class SilentScreen : IRunScreen
{
    public void BeginStage(int index, int count, string name, string purpose) { }

    public void Report(string task, long done, long total, string figures) { }

    public void EndStage(StageResult result) { }

    public void Note(string text) { }
}
