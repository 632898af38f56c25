using System.Xml.Linq;
using Ashlar.Tests;

namespace Ashlar.EndToEnd.Tests;

/// <summary>Who may know whom (docs/design/architecture.md, section 2): an arrow that is not listed is a defect.</summary>
public sealed class ProjectReferenceTests
{
    private static readonly Dictionary<string, string[]> Allowed = new()
    {
        ["Tokenizers"] = [],
        ["Checkpoints"] = [],
        ["Kernels"] = [],
        ["Datasets"] = ["Tokenizers"],
        ["Inference"] = ["Tokenizers", "Checkpoints", "Kernels"],
        ["Evaluation"] = ["Inference", "Datasets"],
        ["Training"] = ["Datasets", "Evaluation", "Inference", "Kernels", "Checkpoints", "Tokenizers"],
        ["Server"] = ["Inference"],
        ["Cli"] = ["Tokenizers", "Checkpoints", "Kernels", "Datasets", "Inference", "Evaluation", "Training", "Server"],
    };

    public static TheoryData<string> SourceProjects =>
        [.. Directory.GetDirectories(Path.Combine(SharedData.RepositoryRoot, "src"), "Ashlar.*").Select(folder => Path.GetFileName(folder)["Ashlar.".Length..])];

    [Theory]
    [MemberData(nameof(SourceProjects))]
    public void A_project_references_only_whom_it_may_know(string project)
    {
        Assert.True(Allowed.ContainsKey(project), $"Ashlar.{project} is not in the house; add it to the architecture first.");
        foreach (string reference in References(project, "ProjectReference"))
            Assert.Contains(Path.GetFileNameWithoutExtension(reference)["Ashlar.".Length..], Allowed[project]);
    }

    [Theory]
    [MemberData(nameof(SourceProjects))]
    public void Only_training_knows_torch(string project)
    {
        bool torch = References(project, "PackageReference").Any(name => name.Contains("torch", StringComparison.OrdinalIgnoreCase));
        Assert.Equal(project == "Training", torch);
    }

    [Fact]
    public void The_whole_house_is_looked_at() => Assert.True(SourceProjects.Count >= 8);

    private static IEnumerable<string> References(string project, string kind) =>
        XDocument.Load(Path.Combine(SharedData.RepositoryRoot, "src", $"Ashlar.{project}", $"Ashlar.{project}.csproj"))
            .Descendants(kind)
            .Select(element => element.Attribute("Include")!.Value.Replace('\\', '/'));
}
