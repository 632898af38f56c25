using Ashlar.Inference.Translation;

namespace Ashlar.Inference.Tests.Translation;

/// <summary>What the whole process holds is only this test's while no other runs.</summary>
[CollectionDefinition(nameof(TranslationMemoryTests), DisableParallelization = true)]
[Collection(nameof(TranslationMemoryTests))]
public sealed class TranslationMemoryTests
{
    [Fact]
    public void Memory_does_not_grow_with_the_lines()
    {
        Translator translator = TranslatorTests.NewTranslator();
        TranslationOptions options = TranslatorTests.Short with { Search = TranslatorTests.Short.Search with { MaxTokens = 2, BeamCount = 2 } };
        long early = 0, late = 0, count = 0;
        foreach (TranslatedLine _ in translator.TranslateLines(
            Enumerable.Range(0, 12_000).Select(i => "s" + (4 + i % 19)), options, TestContext.Current.CancellationToken))
        {
            if (++count == 2_000)
                early = GC.GetTotalMemory(forceFullCollection: true);
            else if (count == 11_900)
                late = GC.GetTotalMemory(forceFullCollection: true);
        }

        // Ten thousand lines, each with its tokens and text, would be megabytes.
        Assert.True(late - early < 1 << 18, $"{early:N0} bytes were held after 2,000 lines, {late:N0} after 11,900");
    }
}
