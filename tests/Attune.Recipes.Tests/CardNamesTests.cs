namespace Attune.Recipes.Tests;

public sealed class CardNamesTests
{
    [Theory]
    [InlineData("data: /home/ann/secret project.jsonl", "data: secret project.jsonl", false)]
    [InlineData("data: \"/home/ann/secret project/rows.jsonl\"", "data: \"rows.jsonl\"", true)]
    [InlineData("data: \"/home/ann/a.jsonl + /srv/b.jsonl*2\"", "data: \"a.jsonl + b.jsonl*2\"", true)]
    [InlineData("data: \"a.jsonl + /srv/b.jsonl*2\"", "data: \"a.jsonl + b.jsonl*2\"", true)]
    [InlineData("data: \"C:\\\\Users\\\\ann\\\\rows.csv\"  # data to learn", "data: \"rows.csv\"  # data to learn", true)]
    [InlineData("reward_model: /home/ann/runs/reward/final", "reward_model: reward/final", true)]
    [InlineData("files: [/home/a/x.json, /home/a/y.json]", "files: [x.json, y.json]", true)]
    [InlineData(
        "database: \"Host=db;Username=ann;Password=hunter2;Port=1\"",
        "database: \"Host=db;Username=ann;Password=...;Port=1\"",
        true
    )]
    [InlineData(
        "model: /home/ann/.cache/huggingface/hub/models--Qwen--Qwen2.5-0.5B/snapshots/060db6499f32/",
        "model: Qwen/Qwen2.5-0.5B",
        true
    )]
    [InlineData(
        "data: /home/ann/hub/datasets--trl-lib--ultrafeedback/snapshots/1a2b/data/train-00000.parquet",
        "data: trl-lib/ultrafeedback/data/train-00000.parquet",
        true
    )]
    [InlineData("endpoint: http://localhost:5100/v1  # such as http://localhost:5100/v1", null, true)]
    [InlineData("data: runs/sft/data.jsonl  # files and/or folders", null, true)]
    public void Places_of_this_machine_are_named_by_their_last_names(string written, string? expected, bool isWhole)
    {
        var text = CardNames.WithoutPlaces(written);
        if (isWhole)
        {
            Assert.Equal(expected ?? written, text);
        }
        else
        {
            Assert.DoesNotContain("/home", text, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("/home/ann/.cache/attune/HuggingFaceTB--SmolLM2-135M@main", "HuggingFaceTB/SmolLM2-135M")]
    [InlineData("/home/ann/.cache/huggingface/hub/models--HuggingFaceTB--SmolLM2-135M/snapshots/93efa2f", "HuggingFaceTB/SmolLM2-135M")]
    [InlineData("/home/ann/runs/mine/final", "mine")]
    [InlineData("/home/ann/models/smol.gguf", "smol")]
    public void Models_are_called_as_on_the_hub_where_they_come_from_there(string folder, string name) =>
        Assert.Equal(name, CardNames.OfModel(folder));

    [Fact]
    public void Data_sets_of_the_hub_are_listed_once() =>
        Assert.Equal(
            ["a/b", "c/d"],
            CardNames.DataSets(
                "data: /x/datasets--a--b/snapshots/1/t.parquet\nheld_out_data: /x/datasets--a--b/snapshots/1/v.parquet\n"
                    + "data: /datasets--c--d"
            )
        );
}
